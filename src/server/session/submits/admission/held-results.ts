import { isTerminal, type Result } from '../../../../protocol/operation/result';
import { bodyBytes } from '../../../../protocol/operation/result-packet';
import { TextResult } from '../../../../protocol/content/text-result';
import { HEADER_LENGTH } from '../../../../wire/header';
import { ownBytes } from '../../../../wire/bytes/own-bytes';
import { ResultPushMetadata } from '../../../../wire/messages/result-push';
import { unknownOperation } from '../unknown-operation';
import type { HeldExcess, HeldTotals } from '../../../limits/held-totals';

const HEAD_BYTES = HEADER_LENGTH + ResultPushMetadata.length;

/** Results that wait while their client holds the operation. */
export class HeldResults {
  private waiting: { readonly result: Result; readonly bytes: number }[] = [];
  /** Of those that wait the first: what has gone before it is forgotten now and then, not each time. */
  private first = 0;
  private bytes = 0;
  /** Whether the end of the answer is among them. */
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

  /**
   * Keeps a result, with a body of its own, where there is room; answers may have to go for it, this one among them. Throws
   * an `NnrpError`, `UnknownOperation`, behind the end.
   */
  add(result: Result): void {
    if (this.hasEnd) throw unknownOperation(result.frameId);
    const bytes = HEAD_BYTES + sizeOf(result);
    const evicted = this.totals.grow(this, bytes);
    if (!evicted.some(({ answer }) => answer === this)) {
      this.bytes += bytes;
      this.hasEnd = isTerminal(result);
      this.waiting.push({ result: kept(result), bytes });
    }
    for (const { answer, excess } of evicted) answer.evict(excess);
  }

  /** Lets go of the first of them; undefined where none waits. */
  next(): Result | undefined {
    const next = this.waiting[this.first];
    if (next === undefined) return undefined;
    this.totals.shrink(next.bytes);
    this.bytes -= next.bytes;
    this.first += 1;
    if (this.first * 2 > this.waiting.length) {
      this.waiting.splice(0, this.first);
      this.first = 0;
    }
    return next.result;
  }

  /** Forgets all of them. */
  clear(): void {
    this.totals.leave(this);
    this.waiting = [];
    this.first = 0;
    this.bytes = 0;
  }

  /** There is no room for what waits. */
  evict(excess: HeldExcess): void {
    this.clear();
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
