import type { Rate } from './token-bucket';

/** Of one kind of packet, or of answer, on one connection. */
export interface ConnectionRates {
  /** FRAME_CANCEL. Starting work and taking it back costs a peer nothing and the server a handler each time. */
  readonly cancels: Rate;
  /**
   * Submits and opens that are well-formed and not served: no room, no such cached object, a refused
   * SESSION_OPEN, a session that has ended. Each is answered, so they are work without end otherwise.
   */
  readonly refusals: Rate;
  /** Packets that the protocol forbids. A peer that errs now and then goes on; one that does nothing else ends. */
  readonly violations: Rate;
  /** PING of the peer's. Each is answered. */
  readonly pings: Rate;
  /** SESSION_PATCH. Each is put to the application and keeps a timer until it is answered. */
  readonly patches: Rate;
  /** SESSION_MIGRATE. Nobody changes networks more often. */
  readonly migrations: Rate;
  /** CACHE_PUT. Each is stored and answered, and may push others out. */
  readonly cachePuts: Rate;
  /** CLIENT_HELLO and TRANSPORT_PROBE together. Each is answered, before there is a session, too. */
  readonly hellos: Rate;
}

export type ConnectionRateName = keyof ConnectionRates;

/**
 * What a server takes from its peers: the defences against peers that are slow, broken, greedy or
 * malicious. The defaults are of {@link DEFAULT_SERVER_LIMITS}; a peer that keeps to its credit meets none
 * of them. `Infinity` switches a limit off. Whatever trips one is told on `server.limits$`.
 */
export interface ServerLimits extends ConnectionRates {}

/** The defaults of {@link ServerLimits}. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  cancels: { burst: 500, perSecond: 33 },
  refusals: { burst: 100, perSecond: 10 },
  violations: { burst: 10, perSecond: 10 / 60 },
  pings: { burst: 10, perSecond: 1 },
  patches: { burst: 100, perSecond: 10 },
  migrations: { burst: 3, perSecond: 0.1 },
  cachePuts: { burst: 100, perSecond: 10 },
  hellos: { burst: 10, perSecond: 1 },
};

/**
 * The limits with every default filled in. Throws a `RangeError` where one is negative or not a number:
 * a limit that is never met by mistake would be none.
 */
export function serverLimits(limits: Partial<ServerLimits> = {}): ServerLimits {
  const given = Object.entries(limits).filter(([, limit]) => limit !== undefined);
  for (const [name, limit] of given) check(name, limit as number | Rate);
  return { ...DEFAULT_SERVER_LIMITS, ...(Object.fromEntries(given) as Partial<ServerLimits>) };
}

function check(name: string, limit: number | Rate): void {
  const numbers = typeof limit === 'number' ? [limit] : [limit.burst, limit.perSecond];
  if (numbers.every((number) => number >= 0)) return;
  throw new RangeError(`the server's limit ${name} must be 0 or more, got ${JSON.stringify(limit)}`);
}
