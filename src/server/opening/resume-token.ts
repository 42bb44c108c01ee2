import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { describeValue } from '../../protocol/describe-value';
import { ignoreRejection } from '../../protocol/ignore-rejection';

/** Where tokens come from; the system's random source, unless a test wants to repeat itself. */
export type RandomBytes = (length: number) => Uint8Array;

export const systemRandom: RandomBytes = (length) => randomBytes(length);

/**
 * A fresh token. A source that throws, or gives anything but so many bytes, has failed, which `failed` hears
 * of: the system's random source takes its place.
 */
export function freshToken(
  source: RandomBytes,
  length: number,
  failed: (cause: unknown) => void,
): Uint8Array {
  try {
    const bytes: unknown = source(length);
    // A copy: the source may go on with its own.
    if (bytes instanceof Uint8Array && bytes.length === length) return Uint8Array.from(bytes);
    ignoreRejection(bytes);
    failed(new TypeError(`it must give ${length} bytes as a Uint8Array, and gave ${describeBytes(bytes)}`));
  } catch (error) {
    failed(error);
  }
  return systemRandom(length);
}

/** Not what they are: they may be secret. */
function describeBytes(value: unknown): string {
  return value instanceof Uint8Array ? `${value.length}` : describeValue(value);
}

/** Shorter tokens can be guessed. */
export const MIN_TOKEN_BYTES = 16;

/** A token has to fit into what a stranger may say. */
export const MAX_TOKEN_BYTES = 1024;

/** The server's copy of a token: a hash, enough to know it again and not enough to use it. */
export type TokenHash = Uint8Array;

export function hashToken(token: Uint8Array): TokenHash {
  return createHash('sha256').update(token).digest();
}

/** Compared with a token of an unknown session, so that it takes as long as any other. */
const NOBODY: TokenHash = hashToken(new Uint8Array(0));

/**
 * The tokens by which the clients of a session are known. Two take it up: the current one, and the one before it until
 * the client is known to have the current one.
 */
export interface SessionTokens {
  readonly current: TokenHash;
  readonly previous: TokenHash | undefined;
  /** Those of the client that it was taken from last, with a ticket; two at most. */
  readonly former: readonly TokenHash[];
}

/** Which of a session's tokens one is. */
export type UsedToken = 'current' | 'previous' | 'former';

/** Which of a session's tokens `token` is. Takes as long for a wrong one, and for no session at all. */
export function matchToken(token: Uint8Array, tokens: SessionTokens | undefined): UsedToken | undefined {
  const hash = hashToken(token);
  const [last, before] = tokens?.former ?? [];
  const isCurrent = timingSafeEqual(hash, tokens?.current ?? NOBODY);
  const isPrevious = timingSafeEqual(hash, tokens?.previous ?? NOBODY);
  const isLast = timingSafeEqual(hash, last ?? NOBODY);
  const isBefore = timingSafeEqual(hash, before ?? NOBODY);
  if (token.length === 0) return undefined;
  if (isCurrent) return 'current';
  if (isPrevious) return 'previous';
  return isLast || isBefore ? 'former' : undefined;
}

/**
 * The tokens after a resume with `used` and a fresh token: the one that the client has stays valid, as
 * it may never hear of the fresh one. One that loses the session to a ticket may have either of those before.
 */
export function rotate(
  { current, previous, former }: SessionTokens,
  used: 'current' | 'previous',
  fresh: Uint8Array,
  by: 'client' | 'ticket',
): SessionTokens {
  const before = previous === undefined ? [] : [previous];
  return {
    current: hashToken(fresh),
    previous: used === 'current' ? current : previous,
    former: by === 'ticket' ? [current, ...before] : former,
  };
}
