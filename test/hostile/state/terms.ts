import type { ServerOptions } from '../../../src';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { UNLIMITED } from '../support/unlimited';

/** Milliseconds that a session waits for its client. */
export const RESUME_WINDOW_MS = 120_000;
/** Milliseconds that a cached object is kept at most. */
export const LEASE_TTL_MS = 30_000;
export const MAX_IN_FLIGHT = 4;
/** So few that sequences reach their ends. */
export const MAX_QUEUED = 2;
export const MAX_CACHED = 3;
export const CACHED_KINDS: readonly CacheObjectKind[] = [
  CacheObjectKind.CameraBlock,
  CacheObjectKind.TileIndexBlock,
  CacheObjectKind.PromptSegment,
];

/** What the servers of the sequences are made with, and the model knows. */
export const TERMS = {
  resumeWindowMs: RESUME_WINDOW_MS,
  leaseTtlMs: LEASE_TTL_MS,
  maxInFlightOperations: MAX_IN_FLIGHT,
  queue: { maxSubmits: MAX_QUEUED },
  supportedCacheObjects: CACHED_KINDS,
  maxCacheObjects: MAX_CACHED,
  keepAlive: { idleMs: 0 },
  limits: UNLIMITED,
} satisfies Partial<ServerOptions>;

/** What a handler makes of a submit, by the first byte of its body. */
export const HandlerKind = { Echo: 0, Silent: 1, Started: 2, Throwing: 3 } as const;
export type HandlerKind = (typeof HandlerKind)[keyof typeof HandlerKind];

export function handlerKind(body: Uint8Array): HandlerKind {
  return ((body[0] ?? 0) & 3) as HandlerKind;
}
