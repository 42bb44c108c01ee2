import type { OperationRecord, Seen } from '../records';

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

export function bodyOf(seen: Seen | undefined): Uint8Array | undefined {
  return seen?.type === 'partial' || seen?.type === 'last' ? seen.body : undefined;
}

/** Of the result that ended the answer. */
export function lastBody({ seen }: OperationRecord): Uint8Array | undefined {
  return bodyOf(seen.find(({ type }) => type === 'last'));
}
