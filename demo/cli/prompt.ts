import { text } from 'node:stream/consumers';
import { firstValueFrom, fromEvent, map, race, tap, timer } from 'rxjs';

const HINT_AFTER_MS = 1000;
const PATIENCE_MS = 2000;

/** All of standard input. Throws where there is nothing to be had from it. */
export async function pipedPrompt(): Promise<string> {
  const hint = timer(HINT_AFTER_MS).subscribe(() => {
    console.error('reading the prompt from standard input, up to its end; --prompt "…" is the other way');
  });
  try {
    const prompt = (await text(process.stdin)).trim();
    if (prompt === '') throw new Error('standard input has no prompt: pipe one in, or give --prompt "…"');
    return prompt;
  } finally {
    hint.unsubscribe();
  }
}

/**
 * The prompt that was piped in, or `usual` where there is none: at a terminal, at an empty standard input,
 * and at one that is open and silent, as some leave it who start programs.
 */
export async function pipedPromptOr(usual: string): Promise<string> {
  const { stdin } = process;
  if (stdin.isTTY) return usual;
  const readable$ = fromEvent(stdin, 'readable').pipe(map(() => stdin.readableLength > 0));
  const patience$ = timer(PATIENCE_MS).pipe(
    tap(() => console.error(`nothing on standard input, so the prompt is: ${usual}`)),
    map(() => false),
  );
  if (await firstValueFrom(race(readable$, patience$))) return pipedPrompt();
  stdin.destroy();
  return usual;
}
