import type { PeerName } from '../../transport/transport';
import { addressOf } from './peer-address';
import { TokenBucket, type Rate } from '../limits/token-bucket';

/** Addresses that are remembered at most: who has more of them guesses from each a few times. */
const MAX_ADDRESSES = 10_000;

/**
 * Counts guesses at resume tokens by the address that they come from, over all connections. What is too
 * often costs who guesses, and nobody else of its address: thousands may share it. An address is forgotten
 * once it has made up for its failures.
 */
export class TokenGuard {
  private readonly failures = new Map<string, TokenBucket>();

  constructor(
    private readonly rate: Rate,
    private readonly now: () => number,
  ) {}

  /**
   * Counts a guess; how many there were from the peer's address where that is too often, else undefined. What
   * is no guess is looked up, and not counted: it takes as long.
   */
  judge(peer: PeerName, isGuess: boolean): number | undefined {
    const address = addressOf(peer);
    const now = this.now();
    let bucket = this.failures.get(address);
    if (!isGuess) return undefined;
    if (bucket === undefined) {
      if (this.failures.size >= MAX_ADDRESSES) this.makeRoom(now);
      bucket = new TokenBucket(this.rate, now);
      this.failures.set(address, bucket);
    }
    return bucket.take(now) ? undefined : bucket.taken;
  }

  /** Forgets those that have made up for their failures; where none has, the oldest. */
  private makeRoom(now: number): void {
    for (const [address, bucket] of this.failures) if (bucket.isFull(now)) this.failures.delete(address);
    const [oldest] = this.failures.keys();
    if (this.failures.size >= MAX_ADDRESSES && oldest !== undefined) this.failures.delete(oldest);
  }
}
