import { defer, map, reduce, timestamp, type OperatorFunction, type TimestampProvider } from 'rxjs';

/** How an answer went; times in milliseconds from the question on. */
export interface Figures {
  readonly tokens: number;
  readonly firstMs: number | undefined;
  readonly totalMs: number;
}

/** Emits the figures of a stream of tokens when that completes. */
export function measured(clock: TimestampProvider = performance): OperatorFunction<string, Figures> {
  return (tokens$) =>
    defer(() => {
      const start = clock.now();
      return tokens$.pipe(
        timestamp(clock),
        reduce(
          ({ tokens, firstMs }, { timestamp }) => ({
            tokens: tokens + 1,
            firstMs: firstMs ?? timestamp - start,
          }),
          { tokens: 0, firstMs: undefined as number | undefined },
        ),
        map((counted) => ({ ...counted, totalMs: clock.now() - start })),
      );
    });
}

/** `42 tokens, first after 12 ms, 59.8 tokens/s` */
export function describeFigures({ tokens, firstMs, totalMs }: Figures): string {
  if (firstMs === undefined) return 'no tokens';
  const rate = (tokens * 1000) / totalMs;
  return `${countOf(tokens)}, first after ${firstMs.toFixed()} ms, ${rate.toFixed(1)} tokens/s`;
}

/** `1 token`, `42 tokens` */
export function countOf(tokens: number): string {
  return tokens === 1 ? '1 token' : `${tokens} tokens`;
}
