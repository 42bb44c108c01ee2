import type { ServerLimits } from '../../src';

/** What is measured is many sessions on one connection, and many operations; the defaults keep peers modest. */
export const LIMITS: Partial<ServerLimits> = {
  maxSessionsPerConnection: Infinity,
  maxInFlightPerConnection: Infinity,
  maxHandshakes: Infinity,
  // A window of 16 answers of 1 MiB is just over it.
  maxUnreadBytes: Infinity,
  opens: { burst: Infinity, perSecond: 0 },
};

/** Of each of a thousand sessions; the default is made for one. */
export const OUTBOX_BYTES = 128 * 1024;
