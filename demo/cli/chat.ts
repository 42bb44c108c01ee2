import { createInterface } from 'node:readline';
import {
  concatMap,
  EMPTY,
  defer,
  filter,
  finalize,
  fromEvent,
  map,
  merge,
  share,
  takeUntil,
  tap,
} from 'rxjs';
import type { Observable } from 'rxjs';
import { interrupt$ } from './interrupts';

/** Answers one prompt; `cancel$` emits when that is no longer wanted. */
export type Answerer<T> = (prompt: string, cancel$: Observable<unknown>) => Observable<T>;

/**
 * Asks for prompts at the terminal, and has them answered one after the other. Ctrl-C cancels the answer
 * that is coming; at the prompt it ends the chat, as Ctrl-D does.
 */
export function chat<T>(answer: Answerer<T>): Observable<T> {
  return defer(() => {
    const keyboard = createInterface({ input: process.stdin, output: process.stderr, prompt: '> ' });
    let isOpen = true;
    let isAtPrompt = false;
    const ask = (): void => {
      if (!isOpen) return;
      isAtPrompt = true;
      keyboard.prompt();
    };
    // While readline has the terminal Ctrl-C is a key, and nobody else shows it.
    const key$ = fromEvent(keyboard, 'SIGINT').pipe(tap(() => process.stderr.write('^C')));
    const ctrlC$ = merge(key$, interrupt$).pipe(share());
    const close$ = fromEvent(keyboard, 'close').pipe(tap(() => (isOpen = false)));
    const prompt$ = fromEvent(keyboard, 'line').pipe(
      map((line) => String(line).trim()),
      takeUntil(merge(close$, ctrlC$.pipe(filter(() => isAtPrompt)))),
    );
    ask();
    return prompt$.pipe(
      concatMap((prompt) => {
        isAtPrompt = false;
        return (prompt === '' ? EMPTY : answer(prompt, ctrlC$)).pipe(tap({ complete: ask }));
      }),
      finalize(() => {
        keyboard.close();
        if (isAtPrompt) process.stderr.write('\n');
      }),
    );
  });
}
