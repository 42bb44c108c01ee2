import { defer, tap, type MonoTypeOperatorFunction } from 'rxjs';
import type { Submit } from '../../src';
import { countOf } from './figures';

export type Log = (line: string) => void;

const SHOWN_CHARACTERS = 40;

/** Passes an answer on, and logs how it ended: `session 1: "Call me" cancelled, 17 tokens in 0.28 s`. */
export function logAnswer(
  log: Log,
  submit: Pick<Submit, 'sessionId' | 'ended$'>,
  prompt: string,
): MonoTypeOperatorFunction<string> {
  return (answer$) =>
    defer(() => {
      const start = performance.now();
      let tokens = 0;
      submit.ended$.subscribe((end) => {
        const seconds = ((performance.now() - start) / 1000).toFixed(2);
        log(`session ${submit.sessionId}: ${shown(prompt)} ${end}, ${countOf(tokens)} in ${seconds} s`);
      });
      return answer$.pipe(
        tap(() => {
          tokens += 1;
        }),
      );
    });
}

/** The beginning of a prompt, in one line and without what a terminal would take for a command. */
function shown(prompt: string): string {
  const line = prompt.replace(/[\s\p{C}]+/gu, ' ').trim();
  const characters = [...line];
  if (characters.length <= SHOWN_CHARACTERS) return `“${line}”`;
  return `“${characters.slice(0, SHOWN_CHARACTERS).join('').trimEnd()}…”`;
}
