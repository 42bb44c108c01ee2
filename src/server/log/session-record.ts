import { readRecord, withRecord } from '../../cluster/link/link-message';
import type { SentSubmit } from '../../protocol/session/told-operation';
import type { RevisionName } from '../../wire/message';
import { SessionOpenAckMetadata, SessionOpenMetadata } from '../../wire/messages/session-open';
import { EMPTY } from '../../wire/packet';
import { hashToken, matchToken, type SessionTokens, type UsedToken } from '../opening/resume-token';

// What the log keeps of a session besides its results.

/** What does not change in a session's life. */
export interface SessionRecord {
  readonly open: SessionOpenMetadata;
  readonly granted: SessionOpenAckMetadata;
  readonly revision: RevisionName;
  /** Whose it is, where the policy has said. */
  readonly owner: string | undefined;
}

export function encodeSession({ open, granted, ...rest }: SessionRecord): Uint8Array {
  const head = SessionOpenMetadata.encode(open);
  return withRecord({ ...rest, openBytes: head.length }, join(head, SessionOpenAckMetadata.encode(granted)));
}

export function decodeSession(bytes: Uint8Array): SessionRecord {
  const read = readRecord<{ openBytes: number; revision: RevisionName; owner?: string }>(bytes);
  const { openBytes, revision, owner } = read.record;
  const open = SessionOpenMetadata.decode(read.bytes.subarray(0, openBytes));
  return { open, granted: SessionOpenAckMetadata.decode(read.bytes.subarray(openBytes)), revision, owner };
}

/** In the place of a number of results, where some of those that follow are logged no more. */
export const NOT_WHOLE = -1;

/** An operation that has not ended, or whose answer is kept for whoever has a ticket. */
export interface OperationRecord {
  /** Results that the log has, or had, of the session before its first; `NOT_WHOLE` where it is without some of its own. */
  readonly since: number;
  /** Milliseconds since 1970, undefined for none. */
  readonly deadline?: number | undefined;
  /** Without the body, where nobody has a use for it: see `hasBody`. */
  readonly sent: SentSubmit;
  /** Whether it runs, and anybody could go on with it. */
  readonly canGoOn?: boolean;
  /** Whether its answer is kept. */
  readonly isRetained?: boolean;
  /** Until when, once it has ended: milliseconds since 1970. */
  readonly until?: number | undefined;
}

/** Whether the body is logged: whoever goes on with an operation needs it, and who is given its answer. */
export function hasBody({ canGoOn = false, isRetained = false }: OperationRecord): boolean {
  return canGoOn || isRetained;
}

export function encodeOperation(operation: OperationRecord): Uint8Array {
  const { sent, ...record } = operation;
  const { metadata, body } = sent;
  const bytes = join(metadata, hasBody(operation) ? body : EMPTY);
  return withRecord({ ...record, metadataBytes: metadata.length }, bytes);
}

export function decodeOperation(bytes: Uint8Array): OperationRecord {
  type Head = Omit<OperationRecord, 'sent'> & { readonly metadataBytes: number };
  const { record, bytes: rest } = readRecord<Head>(bytes);
  const { metadataBytes, ...known } = record;
  return {
    ...known,
    sent: { metadata: rest.subarray(0, metadataBytes), body: rest.subarray(metadataBytes) },
  };
}

/** Those of a session, and the one that its client is given next: it may have it before the log hears of it. */
export interface LoggedTokens extends SessionTokens {
  readonly next: Uint8Array;
  /** Whether the one before the current one is a ticket's. */
  readonly isTakenOver: boolean;
}

const HASH_BYTES = hashToken(EMPTY).length;

export function encodeTokens({ current, previous, former, next, isTakenOver }: LoggedTokens): Uint8Array {
  const flags = (previous === undefined ? 0 : 1) | (isTakenOver ? 2 : 0);
  return join(Uint8Array.of(flags), current, next, previous ?? EMPTY, ...former);
}

export function decodeTokens(bytes: Uint8Array): LoggedTokens {
  const flags = bytes[0] ?? 0;
  const hash = (index: number): Uint8Array =>
    bytes.subarray(1 + index * HASH_BYTES, 1 + (index + 1) * HASH_BYTES);
  const previous = (flags & 1) === 0 ? undefined : hash(2);
  const former: Uint8Array[] = [];
  for (let index = previous === undefined ? 2 : 3; hash(index).length > 0; index++) former.push(hash(index));
  return { current: hash(0), next: hash(1), previous, former, isTakenOver: (flags & 2) !== 0 };
}

/** The tokens by which a client that shows `token` goes on, and which that is; undefined where it is none of them. */
export function tokensOf(
  token: Uint8Array,
  { current, previous, former, next }: LoggedTokens,
): { readonly tokens: SessionTokens; readonly used: UsedToken } | undefined {
  if (matchToken(token, { current: next, previous: undefined, former: [] }) !== undefined) {
    return { tokens: { current: next, previous: current, former }, used: 'current' };
  }
  const tokens = { current, previous, former };
  const used = matchToken(token, tokens);
  return used && { tokens, used };
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
