import type { UnfinishedPacket } from '../../transport/unfinished-packet';
import { packetLength } from '../../wire/encode-packet';
import type { Packet } from '../../wire/packet';
import type { RateClass } from '../../wire/revision';
import type { ConnectionRateName, ServerLimits } from './server-limits';
import { TokenBucket } from './token-bucket';

/** A limit that a connection has met; see `LimitTripped`. */
export interface Excess {
  readonly limit: keyof ServerLimits;
  readonly sessionId: number | undefined;
  readonly allowed: number;
  readonly observed: number;
}

/**
 * The limit of each rate class. Those without are ruled by credit, end something, or count only where they
 * are of no use: a cancel of what has just come, a PONG to no PING.
 */
const LIMIT_OF_RATE: Readonly<Record<RateClass, ConnectionRateName | undefined>> = {
  hello: 'hellos',
  open: 'opens',
  ping: 'pings',
  patch: 'patches',
  migrate: 'migrations',
  'cache-put': 'cachePuts',
  'cache-invalidate': 'cacheInvalidates',
  flow: 'flowUpdates',
  submit: undefined,
  cancel: undefined,
  pong: undefined,
  end: undefined,
  answer: undefined,
  control: 'controls',
  object: 'objects',
};

/** What a submit may bring along: a DEADLINE, a PRIORITY_UPDATE, a BUDGET_UPDATE, a TRACE_CONTEXT, hints, a DEGRADE_PROFILE. */
const CONTROLS_OF_SUBMIT = 7;

/** What tells of an object that there is: an OBJECT_DECLARE and an OBJECT_PATCH. */
const PACKETS_OF_OBJECT = 2;

/** What a client that comes back says again, of objects and of operations. */
type ToldAnew = 'object' | 'control';

/**
 * Counts what one peer does over one connection, against the server's limits. Most connections do
 * little of it, so a bucket is made with the first packet that it counts.
 */
export class ConnectionLimits {
  private readonly buckets: { [Name in ConnectionRateName]?: TokenBucket } = {};
  /** Bytes in and out while the connection has not had a session. */
  private opening: { bytesIn: number; bytesOut: number } | undefined = { bytesIn: 0, bytesOut: 0 };
  private tokenFailures = 0;
  /** Of sessions that were there before: what may yet be said again, and is not counted. Most have none. */
  private toldAnew: Map<number, Record<ToldAnew, number>> | undefined;

  constructor(private readonly limits: ServerLimits) {}

  /** Charges a packet that has come at `now`, in milliseconds; which limit that exceeds, undefined for none. */
  charge(packet: Packet, rate: RateClass | undefined, now: number): Excess | undefined {
    if (this.opening !== undefined) {
      this.opening.bytesIn += packetLength(packet);
      const excess = this.openingExcess(this.opening.bytesIn);
      if (excess !== undefined) return excess;
    }
    if (rate === 'submit') this.buckets.controls?.giveBack(CONTROLS_OF_SUBMIT);
    else if ((rate === 'object' || rate === 'control') && this.isToldAnew(packet.header.sessionId, rate))
      return undefined;
    const limit = rate === undefined ? undefined : LIMIT_OF_RATE[rate];
    return limit === undefined ? undefined : this.count(limit, packet.header.sessionId, now);
  }

  /**
   * Judges a packet that has begun: which limit of a stranger it exceeds, undefined for none. What it says it will have
   * counts from its header on, so that nothing is gathered of one that is too long.
   */
  unfinished({ bytes, length = bytes }: UnfinishedPacket): Excess | undefined {
    return this.opening && this.openingExcess(this.opening.bytesIn + Math.max(bytes, length));
  }

  /** Counts what a rate is for; which limit that exceeds, undefined for none. */
  count(limit: ConnectionRateName, ofSession: number, now: number): Excess | undefined {
    const bucket = (this.buckets[limit] ??= new TokenBucket(this.limits[limit], now));
    if (bucket.take(now)) return undefined;
    const sessionId = ofSession === 0 ? undefined : ofSession;
    return { limit, sessionId, allowed: this.limits[limit].burst, observed: bucket.taken };
  }

  /** Counts an answer that is to be sent; which limit of a stranger it would exceed, undefined for none. */
  sends(answer: Packet): Excess | undefined {
    if (this.opening === undefined) return undefined;
    const observed = this.opening.bytesOut + packetLength(answer);
    const allowed = this.limits.maxOpeningBytesOut;
    if (observed > allowed) return { limit: 'maxOpeningBytesOut', sessionId: undefined, allowed, observed };
    this.opening.bytesOut = observed;
    return undefined;
  }

  /** Whether a last word may be said. */
  allowLastWord(word: Packet): boolean {
    const { opening } = this;
    return opening === undefined || opening.bytesOut + packetLength(word) <= this.limits.maxOpeningBytesOut;
  }

  /** The peer was accepted: it is no stranger any more. */
  accepted(): void {
    this.opening = undefined;
  }

  /**
   * The connection carries a session whose client tells of so many objects of before, each with its bytes, and operations.
   * Nothing adds up: what was not said since the last time, or until the session leaves, is counted.
   */
  tellsAnew(sessionId: number, objects: number, operations: number): void {
    const left = { object: PACKETS_OF_OBJECT * objects, control: CONTROLS_OF_SUBMIT * operations };
    (this.toldAnew ??= new Map<number, Record<ToldAnew, number>>()).set(sessionId, left);
  }

  /** The connection carries a session no longer. */
  leaves(sessionId: number): void {
    this.toldAnew?.delete(sessionId);
  }

  /** Counts a guess at a resume token; `ofAddress` are those from its address, where that is too often. */
  tokenFailed(sessionId: number, ofAddress: number | undefined): Excess | undefined {
    this.tokenFailures += 1;
    const { maxTokenFailures, addressTokenFailures } = this.limits;
    if (ofAddress !== undefined) {
      const { burst: allowed } = addressTokenFailures;
      return { limit: 'addressTokenFailures', sessionId, allowed, observed: ofAddress };
    }
    const observed = this.tokenFailures;
    if (observed <= maxTokenFailures) return undefined;
    return { limit: 'maxTokenFailures', sessionId, allowed: maxTokenFailures, observed };
  }

  private isToldAnew(sessionId: number, rate: ToldAnew): boolean {
    const left = this.toldAnew?.get(sessionId);
    if (left === undefined || left[rate] === 0) return false;
    left[rate] -= 1;
    return true;
  }

  private openingExcess(observed: number): Excess | undefined {
    const allowed = this.limits.maxOpeningBytesIn;
    if (observed <= allowed) return undefined;
    return { limit: 'maxOpeningBytesIn', sessionId: undefined, allowed, observed };
  }
}
