import { MessageType } from '../../wire/message-type';
import type { ConnectionRateName, ServerLimits } from './server-limits';
import { TokenBucket } from './token-bucket';

/** A limit that a connection has met; see `LimitTripped`. */
export interface Excess {
  readonly limit: keyof ServerLimits;
  readonly sessionId: number | undefined;
  readonly allowed: number;
  readonly observed: number;
}

/** What each type of packet counts as, by its code; the others are ruled by credit, or end something. */
const RATE_OF_TYPE: readonly (ConnectionRateName | undefined)[] = ratesByCode({
  [MessageType.FrameCancel]: 'cancels',
  [MessageType.Ping]: 'pings',
  [MessageType.SessionPatch]: 'patches',
  [MessageType.SessionMigrate]: 'migrations',
  [MessageType.CachePut]: 'cachePuts',
  [MessageType.ClientHello]: 'hellos',
  [MessageType.TransportProbe]: 'hellos',
});

/**
 * What one peer does over one connection, counted against the server's limits. Most connections do
 * little of it, so a bucket is made with the first packet that it counts.
 */
export class ConnectionLimits {
  private readonly buckets: { [Name in ConnectionRateName]?: TokenBucket } = {};

  constructor(
    private readonly limits: ServerLimits,
    /** A limit was met: the connection is to end. */
    private readonly exceeded: (excess: Excess) => void,
  ) {}

  /** Counts a packet that has come at `now`, in milliseconds; false where it is one too many. */
  allowPacket(messageType: number, sessionId: number, now: number): boolean {
    const rate = RATE_OF_TYPE[messageType];
    return rate === undefined || this.allow(rate, sessionId, now);
  }

  /** Counts what a rate is for; false where it is once too often. */
  allow(limit: ConnectionRateName, sessionId: number, now: number): boolean {
    const bucket = (this.buckets[limit] ??= new TokenBucket(this.limits[limit], now));
    if (bucket.take(now)) return true;
    this.exceeded({
      limit,
      sessionId: sessionId === 0 ? undefined : sessionId,
      allowed: this.limits[limit].burst,
      observed: bucket.taken,
    });
    return false;
  }
}

function ratesByCode(rates: Partial<Record<number, ConnectionRateName>>): (ConnectionRateName | undefined)[] {
  return Array.from({ length: 256 }, (_, code) => rates[code]);
}
