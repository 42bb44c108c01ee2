import { defer, map, takeUntil, tap, type Observable } from 'rxjs';
import { describeFigures, measured } from './figures';

export interface ShowOptions {
  /** What the answer continues: shown before it on a terminal, so that the two can be read as one text. */
  readonly prompt: string;
  /** Cuts the answer short. */
  readonly cancel$: Observable<unknown>;
  /** The transport, for the figures. */
  readonly over: string;
}

/** How an answer came to its end. */
export type Outcome = 'complete' | 'cancelled';

/** Writes an answer to standard output, token by token as it comes, and its figures to standard error. */
export function show(
  token$: Observable<string>,
  { prompt, cancel$, over }: ShowOptions,
): Observable<Outcome> {
  return defer(() => {
    let outcome: Outcome = 'complete';
    let isLineOpen = false;
    const write = (text: string): void => {
      isLineOpen = true;
      process.stdout.write(text);
    };
    const endLine = (): void => {
      if (isLineOpen) process.stdout.write('\n');
    };
    if (process.stdout.isTTY) write(prompt);
    const wanted$ = token$.pipe(takeUntil(cancel$.pipe(tap(() => (outcome = 'cancelled')))));
    return wanted$.pipe(
      tap({ next: write, complete: endLine, error: endLine }),
      measured(),
      tap((figures) => {
        const line = `${describeFigures(figures)} over ${over}`;
        console.error(outcome === 'cancelled' ? `cancelled: ${line}` : line);
      }),
      map(() => outcome),
    );
  });
}
