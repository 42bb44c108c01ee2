import { cutText, MAX_TEXT_BYTES } from '../cut-text';
import { exactNumber } from '../exact-number';
import { HEADER_LENGTH } from '../../wire/header';
import { readUtf8 } from '../../wire/bytes/utf8';
import { decodeToldOperations, encodeToldOperation, type ToldOperation } from './told-operation';

/**
 * What this project's ends tell each other in the session extension block of SESSION_OPEN and
 * SESSION_OPEN_ACK, and others ignore: entries of tag (u16), length in bytes (u16) and value,
 * little-endian, behind the mark `nnrx`.
 *
 * | tag | value | in | meaning |
 * |---|---|---|---|
 * | 1 | none | both | this end answers PING, and understands the entries below |
 * | 2 | u64 | SESSION_OPEN | how many results of the session the client has received |
 * | 3 | u32 … | SESSION_OPEN | the operations that the client still waits for |
 * | 4 | u32 | both | the highest operation id: that the server has received, that the client has given |
 * | 5 | u32 | SESSION_OPEN | how manieth attempt to resume the session this is: an older one may arrive after it |
 * | 6 | u32 | both | the largest packet that this end takes over this transport: bytes of header and body |
 * | 7 | none | both | this end understands FLOW_UPDATE of operation scope from client to server: hold that operation |
 * | 8 | none | SESSION_OPEN | this client takes a text in an ack that refuses |
 * | 9 | UTF-8 | SESSION_OPEN_ACK | why the open is refused, in 256 bytes at most |
 * | 20 | none | SESSION_OPEN | this client takes ERROR of frame scope for the end of an operation, and counts it as a result |
 * | 21 | none | SESSION_OPEN | this client is told where another has taken its session over: error code 0x20009 |
 * | 22 | none | SESSION_OPEN | this client resumes with a ticket: it knows of no operation, and is to be told of them |
 * | 23 | u64 | SESSION_OPEN_ACK | the answer to that: from how many results on the client counts |
 * | 24 | … | SESSION_OPEN_ACK | an operation whose results follow; see `told-operation.ts` |
 * | 25 | none | both | this client answers calls of tools (`tool-call.ts`), and this server takes their answers |
 * | 26 | none | SESSION_OPEN | this client takes its session up again by itself where the server ends the connection |
 * | 27 | none | SESSION_OPEN | this client shows its auth anew where the server asks for it: ERROR of session scope, auth_failed |
 * | 28 | none | SESSION_OPEN_ACK | this server obeys BACKPRESSURE and CREDIT_UPDATE of operation scope: hold an operation (preview4) |
 * | 29 | none | SESSION_OPEN_ACK | the session is at another node than the connection: its close has come there once that is acknowledged |
 * | 30 | none | SESSION_OPEN | this session is in the place of one that its server has no more: the client tells anew of its objects |
 * | 31 | u32 … | SESSION_OPEN | of each operation of entry 3, in that order: parts that the client has received, 2^32 - 1 where it cannot tell |
 */
export interface SessionExtension {
  readonly receivedResults?: number;
  readonly wantedOperations?: readonly number[] | undefined;
  /** Of each of those, where they are 1,024 at most; Infinity of one of which the client cannot tell. */
  readonly receivedParts?: readonly number[];
  readonly lastOperationId?: number;
  readonly resumeAttempt?: number;
  /** Undefined where the transport cannot tell; what no u32 holds is told as its largest value. */
  readonly largestPacket?: number | undefined;
  /** Absent where not. */
  readonly holdsOperations?: true;
  /** Absent where not. */
  readonly takesRefusalText?: true;
  readonly refusalText?: string;
  /** Absent where not. */
  readonly takesFailures?: true;
  /** Absent where not. */
  readonly knowsTickets?: true;
  /** Absent where not. */
  readonly isByTicket?: true;
  /** Absent where the server does not know tickets, and in all acks but to them. */
  readonly countFrom?: number;
  readonly operations?: readonly ToldOperation[];
  /** Absent where not. */
  readonly takesTools?: true;
  /** Absent where not. */
  readonly comesBack?: true | undefined;
  /** Absent where not. */
  readonly renewsAuth?: true | undefined;
  /** Absent where not. */
  readonly takesPressure?: true;
  /** Absent where not. */
  readonly isRelayed?: true;
  /** Absent where not. */
  readonly isInPlace?: true;
}

/** What this project's clients say of themselves in every SESSION_OPEN. */
export const CLIENT_CLAIMS: SessionExtension = {
  takesRefusalText: true,
  holdsOperations: true,
  takesFailures: true,
  knowsTickets: true,
  takesTools: true,
};

const MARK = [0x6e, 0x6e, 0x72, 0x78];
const Tag = {
  Announce: 1,
  ReceivedResults: 2,
  WantedOperations: 3,
  LastOperationId: 4,
  ResumeAttempt: 5,
  LargestPacket: 6,
  HoldsOperations: 7,
  TakesRefusalText: 8,
  RefusalText: 9,
  TakesFailures: 20,
  KnowsTickets: 21,
  ByTicket: 22,
  CountFrom: 23,
  Operation: 24,
  TakesTools: 25,
  ComesBack: 26,
  RenewsAuth: 27,
  TakesPressure: 28,
  IsRelayed: 29,
  IsInPlace: 30,
  ReceivedParts: 31,
} as const;
const ENTRY_HEAD = 4;
const U32_MAX = 0xffffffff;
/** As many as the length of an entry can say; of more, nothing is said. */
export const MAX_WANTED_OPERATIONS = 0xffff >> 2;
/** Of more, nothing is said: servers have room for the names of all (`maxOpeningBytesIn`), and not for twice as much. */
export const MAX_TOLD_PARTS = 1024;

export function encodeSessionExtension(extension: SessionExtension): Uint8Array {
  const { receivedResults, wantedOperations, lastOperationId, resumeAttempt, holdsOperations } = extension;
  const { takesRefusalText, refusalText, largestPacket, takesFailures, takesTools, comesBack } = extension;
  const {
    knowsTickets,
    isByTicket,
    countFrom,
    operations = [],
    renewsAuth,
    takesPressure,
    isRelayed,
    isInPlace,
    receivedParts = [],
  } = extension;
  const nothing = new Uint8Array(0);
  const entries: (readonly [tag: number, value: Uint8Array])[] = [[Tag.Announce, nothing]];
  if (receivedResults !== undefined) entries.push([Tag.ReceivedResults, count(receivedResults)]);
  if (wantedOperations !== undefined && wantedOperations.length <= MAX_WANTED_OPERATIONS) {
    entries.push([Tag.WantedOperations, words(wantedOperations)]);
    const parts = receivedParts.map((each) => Math.min(each, U32_MAX));
    if (parts.length > 0 && parts.length <= MAX_TOLD_PARTS) entries.push([Tag.ReceivedParts, words(parts)]);
  }
  if (lastOperationId !== undefined) entries.push([Tag.LastOperationId, words([lastOperationId])]);
  if (resumeAttempt !== undefined) entries.push([Tag.ResumeAttempt, words([resumeAttempt])]);
  if (largestPacket !== undefined) {
    entries.push([Tag.LargestPacket, words([Math.min(largestPacket, U32_MAX)])]);
  }
  if (holdsOperations === true) entries.push([Tag.HoldsOperations, nothing]);
  if (takesRefusalText === true) entries.push([Tag.TakesRefusalText, nothing]);
  if (refusalText !== undefined) entries.push([Tag.RefusalText, cutText(refusalText)]);
  if (takesFailures === true) entries.push([Tag.TakesFailures, nothing]);
  if (knowsTickets === true) entries.push([Tag.KnowsTickets, nothing]);
  if (isByTicket === true) entries.push([Tag.ByTicket, nothing]);
  if (countFrom !== undefined) entries.push([Tag.CountFrom, count(countFrom)]);
  for (const operation of operations) {
    for (const value of encodeToldOperation(operation)) entries.push([Tag.Operation, value]);
  }
  if (takesTools === true) entries.push([Tag.TakesTools, nothing]);
  if (comesBack === true) entries.push([Tag.ComesBack, nothing]);
  if (renewsAuth === true) entries.push([Tag.RenewsAuth, nothing]);
  if (takesPressure === true) entries.push([Tag.TakesPressure, nothing]);
  if (isRelayed === true) entries.push([Tag.IsRelayed, nothing]);
  if (isInPlace === true) entries.push([Tag.IsInPlace, nothing]);
  const length = entries.reduce((sum, [, value]) => sum + ENTRY_HEAD + value.length, MARK.length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set(MARK);
  let at = MARK.length;
  for (const [tag, value] of entries) {
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + ENTRY_HEAD);
    at += ENTRY_HEAD + value.length;
  }
  return bytes;
}

/** Undefined where the block is somebody else's, or broken: then nothing is known of that end. */
export function decodeSessionExtension(bytes: Uint8Array): SessionExtension | undefined {
  if (bytes.length < MARK.length || MARK.some((byte, index) => bytes[index] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let extension: SessionExtension = {};
  let isAnnounced = false;
  const told: Uint8Array[] = [];
  for (let at = MARK.length; at < bytes.length;) {
    if (bytes.length - at < ENTRY_HEAD) return undefined;
    const tag = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    const start = at + ENTRY_HEAD;
    if (bytes.length - start < length) return undefined;
    if (tag === Tag.Announce) isAnnounced = true;
    if (tag === Tag.ReceivedResults && length === 8) {
      extension = { ...extension, receivedResults: exactNumber(view.getBigUint64(start, true)) };
    }
    if (tag === Tag.WantedOperations && length % 4 === 0) {
      extension = { ...extension, wantedOperations: readWords(view, start, length) };
    }
    if (tag === Tag.ReceivedParts && length % 4 === 0) {
      const receivedParts = readWords(view, start, length).map((parts) =>
        parts < U32_MAX ? parts : Infinity,
      );
      extension = { ...extension, receivedParts };
    }
    if (tag === Tag.LastOperationId && length === 4) {
      extension = { ...extension, lastOperationId: view.getUint32(start, true) };
    }
    if (tag === Tag.ResumeAttempt && length === 4) {
      extension = { ...extension, resumeAttempt: view.getUint32(start, true) };
    }
    if (tag === Tag.LargestPacket && length === 4) {
      const largestPacket = view.getUint32(start, true);
      // Of an end that takes not even a header nothing is known.
      if (largestPacket >= HEADER_LENGTH) extension = { ...extension, largestPacket };
    }
    if (tag === Tag.HoldsOperations) extension = { ...extension, holdsOperations: true };
    if (tag === Tag.TakesRefusalText) extension = { ...extension, takesRefusalText: true };
    if (tag === Tag.RefusalText) {
      const text = bytes.subarray(start, start + Math.min(length, MAX_TEXT_BYTES));
      extension = { ...extension, refusalText: readUtf8(text) };
    }
    if (tag === Tag.TakesFailures) extension = { ...extension, takesFailures: true };
    if (tag === Tag.KnowsTickets) extension = { ...extension, knowsTickets: true };
    if (tag === Tag.ByTicket) extension = { ...extension, isByTicket: true };
    if (tag === Tag.CountFrom && length === 8) {
      extension = { ...extension, countFrom: exactNumber(view.getBigUint64(start, true)) };
    }
    if (tag === Tag.Operation) told.push(bytes.subarray(start, start + length));
    if (tag === Tag.TakesTools) extension = { ...extension, takesTools: true };
    if (tag === Tag.ComesBack) extension = { ...extension, comesBack: true };
    if (tag === Tag.RenewsAuth) extension = { ...extension, renewsAuth: true };
    if (tag === Tag.TakesPressure) extension = { ...extension, takesPressure: true };
    if (tag === Tag.IsRelayed) extension = { ...extension, isRelayed: true };
    if (tag === Tag.IsInPlace) extension = { ...extension, isInPlace: true };
    at = start + length;
  }
  if (!isAnnounced) return undefined;
  if (told.length === 0) return extension;
  const operations = decodeToldOperations(told);
  return operations && { ...extension, operations };
}

function count(results: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(results), true);
  return bytes;
}

function readWords(view: DataView, start: number, length: number): number[] {
  return Array.from({ length: length / 4 }, (_, index) => view.getUint32(start + 4 * index, true));
}

function words(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setUint32(index * 4, value, true);
  });
  return bytes;
}
