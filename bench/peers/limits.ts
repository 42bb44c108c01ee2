import type { ServerLimits } from '../../src';

/** Milliseconds that a connection has to be made, TLS and all. */
export const HANDSHAKE_MS = 60_000;

/** What is measured is many sessions on one connection, and many operations; the defaults keep peers modest. */
export const LIMITS: Partial<ServerLimits> = {
  maxSessionsPerConnection: Infinity,
  maxInFlightPerConnection: Infinity,
  maxHandshakes: Infinity,
  // A thousand connect at once, also where the machine is busy with others.
  handshakeMs: HANDSHAKE_MS,
  // A window of 16 answers of 1 MiB is just over it.
  maxUnreadBytes: Infinity,
  opens: { burst: Infinity, perSecond: 0 },
};

/** Of each of a thousand sessions; the default is made for one. */
export const OUTBOX_BYTES = 128 * 1024;
