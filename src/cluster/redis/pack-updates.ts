import type { LogEnd, LogUpdate } from '../session-log';

/** What comes before the fields of an update; of an end there is no more than the first four. */
const HEAD_BYTES = 1 + 4 + 4 + 2;
const REST_BYTES = 5 * 8 + 2 + 4 + 4;
const FIELD_BYTES = 2 + 1 + 4;

const KINDS = { over: 0, whole: 1, more: 2, ask: 3 } as const;

/**
 * Updates, one behind the other, as one argument of a script: a client of Redis does some work for each argument, and for
 * each command much more.
 */
export function packUpdates(updates: readonly (LogUpdate | LogEnd)[]): Buffer {
  const packed = Buffer.allocUnsafe(updates.reduce((sum, update) => sum + lengthOf(update), 0));
  let at = 0;
  for (const update of updates) at = pack(update, packed, at);
  return packed;
}

function lengthOf(update: LogUpdate | LogEnd): number {
  const head = HEAD_BYTES + Buffer.byteLength(update.node);
  if (update.kind === 'over') return head;
  const { tokens, fields, results } = update;
  const own = head + REST_BYTES + (tokens?.length ?? 0) + results.length;
  return fields.reduce(
    (sum, [name, value]) => sum + FIELD_BYTES + Buffer.byteLength(name) + (value?.length ?? 0),
    own,
  );
}

function pack(update: LogUpdate | LogEnd, into: Buffer, start: number): number {
  let at = into.writeUInt8(KINDS[update.kind], start);
  at = into.writeUInt32LE(update.sessionId, at);
  at = into.writeUInt32LE(update.epoch, at);
  at = into.writeUInt16LE(Buffer.byteLength(update.node), at);
  at += into.write(update.node, at);
  if (update.kind === 'over') return at;
  const { before, after, last, trimTo, ttlMs, tokens, fields, results } = update;
  for (const value of [before, after, last, trimTo, Math.ceil(ttlMs)]) at = into.writeDoubleLE(value, at);
  at = into.writeUInt16LE(tokens?.length ?? 0, at);
  at = put(tokens, into, at);
  at = into.writeUInt32LE(fields.length, at);
  for (const [name, value] of fields) {
    at = into.writeUInt16LE(Buffer.byteLength(name), at);
    at += into.write(name, at);
    at = into.writeUInt8(value === undefined ? 0 : 1, at);
    at = into.writeUInt32LE(value?.length ?? 0, at);
    at = put(value, into, at);
  }
  at = into.writeUInt32LE(results.length, at);
  return put(results, into, at);
}

function put(bytes: Uint8Array | undefined, into: Buffer, at: number): number {
  if (bytes === undefined) return at;
  into.set(bytes, at);
  return at + bytes.length;
}
