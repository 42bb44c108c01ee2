import { longPart, PARTS } from './handlers';

/** A result of an answer. */
export interface Part {
  readonly body: Uint8Array;
  readonly resultFlags: number;
}

/** The handler that answers: what its answers look like is known. */
export type ExpectedAnswer = 'echo' | 'ack' | 'parts' | 'long';

/** What is wrong with an answer: undefined where nothing is. */
export function checkAnswer(
  expected: ExpectedAnswer,
  body: Buffer,
  parts: readonly Part[],
): string | undefined {
  if (expected === 'echo' || expected === 'ack') {
    if (parts.length !== 1) return `${parts.length} results for 1`;
    const wanted = expected === 'echo' ? body : Buffer.alloc(0);
    return wanted.equals(parts[0]!.body) ? undefined : 'another body';
  }
  const wanted = Array.from({ length: PARTS }, (_, part) =>
    expected === 'long' ? longPart(body, part) : Buffer.concat([body, Uint8Array.of(part)]),
  );
  const got = parts.slice(0, -1);
  if (got.length < PARTS) return 'a part is lost';
  if (got.length > PARTS) return 'a part is doubled';
  return got.every((part, index) => wanted[index]?.equals(part.body)) ? undefined : 'parts out of order';
}
