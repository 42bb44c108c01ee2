import type { PeerName } from '../../transport/transport';
import { addressOf } from './peer-address';
import { TokenBucket, type Rate } from '../limits/token-bucket';

/** Addresses that are remembered at most: who has more of them guesses from each a few times. */
const MAX_ADDRESSES = 10_000;

/**
 * Counts wrong resume tokens by the address that they come from, over all connections. An address is
 * forgotten once it has made up for its failures.
 */
export class TokenGuard {
  private readonly failures = new Map<string, TokenBucket>();

  constructor(
    private readonly rate: Rate,
    private readonly now: () => number,
  ) {}

  /** How often there were wrong tokens from the peer's address, where that is too often; else undefined. */
  excessOf(peer: PeerName): number | undefined {
    const bucket = this.failures.get(addressOf(peer));
    return bucket === undefined || bucket.hasToken(this.now()) ? undefined : bucket.taken + 1;
  }

  failed(peer: PeerName): void {
    const address = addressOf(peer);
    const now = this.now();
    let bucket = this.failures.get(address);
    if (bucket === undefined) {
      if (this.failures.size >= MAX_ADDRESSES) this.makeRoom(now);
      bucket = new TokenBucket(this.rate, now);
      this.failures.set(address, bucket);
    }
    bucket.take(now);
  }

  /** Forgets those that have made up for their failures; where none has, the oldest. */
  private makeRoom(now: number): void {
    for (const [address, bucket] of this.failures) if (bucket.isFull(now)) this.failures.delete(address);
    const [oldest] = this.failures.keys();
    if (this.failures.size >= MAX_ADDRESSES && oldest !== undefined) this.failures.delete(oldest);
  }
}
