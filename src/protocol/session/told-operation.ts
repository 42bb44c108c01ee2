import { FrameSubmitMetadata } from '../../wire/messages/frame-submit';
import { readU32, writeU32 } from '../../wire/bytes/u32';

/** What a client that comes with a ticket is told of an operation, whose results follow. */
export interface ToldOperation {
  readonly operationId: number;
  /** Whether they begin with the first. */
  readonly isWhole: boolean;
  /** FRAME_SUBMIT as it was; undefined where the server has it no more. */
  readonly sent: SentSubmit | undefined;
}

/** FRAME_SUBMIT, as it was sent. */
export interface SentSubmit {
  /** In the session's revision, which both give the same length. */
  readonly metadata: Uint8Array;
  readonly body: Uint8Array;
}

const HEAD = 5;
const WHOLE = 1;
const SENT = 2;
const METADATA = FrameSubmitMetadata.length;
/** What the length of an entry can say. */
const MAX_ENTRY = 0xffff;

/**
 * The values of an operation's entries: its id (u32) and flags (u8: 1 whole, 2 what was sent is told), then what was
 * sent, metadata and body. What is longer than an entry goes on in the next, of the same id.
 */
export function encodeToldOperation({ operationId, isWhole, sent }: ToldOperation): Uint8Array[] {
  const length = sent === undefined ? 0 : sent.metadata.length + sent.body.length;
  const rest = new Uint8Array(length);
  if (sent !== undefined) {
    rest.set(sent.metadata);
    rest.set(sent.body, sent.metadata.length);
  }
  const values: Uint8Array[] = [];
  for (let at = 0; at < length || values.length === 0; at += MAX_ENTRY - HEAD) {
    const piece = rest.subarray(at, at + MAX_ENTRY - HEAD);
    const value = new Uint8Array(HEAD + piece.length);
    writeU32(value, 0, operationId);
    value[4] = (isWhole ? WHOLE : 0) | (sent === undefined ? 0 : SENT);
    value.set(piece, HEAD);
    values.push(value);
  }
  return values;
}

/** Puts the operations together again, in order; undefined where a value is none of an operation's. */
export function decodeToldOperations(values: readonly Uint8Array[]): ToldOperation[] | undefined {
  const pieces = new Map<number, Uint8Array[]>();
  for (const value of values) {
    if (value.length < HEAD || readU32(value, 0) === 0) return undefined;
    const operationId = readU32(value, 0);
    const known = pieces.get(operationId);
    if (known === undefined) pieces.set(operationId, [value]);
    else known.push(value);
  }
  const operations: ToldOperation[] = [];
  for (const [operationId, ofOne] of pieces) {
    const flags = ofOne[0]?.[4] ?? 0;
    const sent = (flags & SENT) === 0 ? undefined : sentOf(ofOne);
    if ((flags & SENT) !== 0 && sent === undefined) return undefined;
    operations.push({ operationId, isWhole: (flags & WHOLE) !== 0, sent });
  }
  return operations;
}

function sentOf(values: readonly Uint8Array[]): SentSubmit | undefined {
  const bytes = new Uint8Array(values.reduce((sum, { length }) => sum + length - HEAD, 0));
  let at = 0;
  for (const value of values) {
    bytes.set(value.subarray(HEAD), at);
    at += value.length - HEAD;
  }
  if (bytes.length < METADATA) return undefined;
  return { metadata: bytes.subarray(0, METADATA), body: bytes.subarray(METADATA) };
}
