import { isTerminal, type Result } from '../../../../protocol/operation/result';
import { bodyBytes } from '../../../../protocol/operation/result-packet';
import { TextResult } from '../../../../protocol/content/text-result';
import { HEADER_LENGTH } from '../../../../wire/header';
import { ownBytes } from '../../../../wire/bytes/own-bytes';
import { ResultPushMetadata } from '../../../../wire/messages/result-push';
import type { HeldEviction, HeldExcess, HeldTotals } from '../../../limits/held-totals';

const HEAD_BYTES = HEADER_LENGTH + ResultPushMetadata.length;

/** Results that wait while their client holds the operation. */
export class HeldResults {
  private results: Result[] = [];
  private bytes = 0;
  private hasEnd = false;

  constructor(
    private readonly totals: HeldTotals<HeldResults>,
    readonly party: string,
    /** There is no room for what waits, which is gone. */
    private readonly overfull: (excess: HeldExcess) => void,
  ) {}

  get byteLength(): number {
    return this.bytes;
  }

  /** Whether the end of the answer is among them. */
  get isComplete(): boolean {
    return this.hasEnd;
  }

  /** Keeps a result, with a body of its own, where there is room; returns the answers that have to go for it. */
  add(result: Result): readonly HeldEviction<HeldResults>[] {
    const bytes = HEAD_BYTES + sizeOf(result);
    const evicted = this.totals.grow(this, bytes);
    if (evicted.some(({ answer }) => answer === this)) return evicted;
    this.bytes += bytes;
    this.hasEnd = isTerminal(result);
    this.results.push(kept(result));
    return evicted;
  }

  /** Lets go of all of them, in order. */
  take(): Result[] {
    const { results } = this;
    this.totals.leave(this);
    this.results = [];
    this.bytes = 0;
    return results;
  }

  /** There is no room for what waits. */
  evict(excess: HeldExcess): void {
    this.take();
    this.overfull(excess);
  }
}

/** Its maker may go on with the bytes, which are sent who knows when; a text is nobody's to change. */
function kept(result: Result): Result {
  if (result.type !== 'push' || result instanceof TextResult) return result;
  return { ...result, body: ownBytes(result.body) };
}

function sizeOf(result: Result): number {
  if (result.type === 'drop') return 0;
  return result.type === 'push' ? bodyBytes(result) : result.text.length;
}
