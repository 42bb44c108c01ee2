import type { Result } from '../../../protocol/operation/result';
import { bodyBytes } from '../../../protocol/operation/result-packet';
import { RuntimeError } from '../../../protocol/runtime-error';
import { HEADER_LENGTH } from '../../../wire/header';
import { ResultPushMetadata } from '../../../wire/messages/result-push';

/** Of the room that others leave for what waits for a peer, one operation may have so much. */
const LARGEST_PART = 15 / 16;

/** Up to so much of the room it does not matter who has it. */
const FREE_PART = 1 / 16;

const HEAD_BYTES = HEADER_LENGTH + ResultPushMetadata.length;

/** The peer that results wait for. */
export interface UnreadPeer {
  readonly queuedBytes: number;
}

/**
 * Counts by operation what a peer has not read. An operation that answers without a look at pressure, as a synchronous
 * Observable does, would have its peer cut off (`limits.maxUnreadBytes`), and with it all that others have asked.
 * It ends instead, as soon as it has more waiting than nearly all of the room that others leave.
 */
export class UnreadShares {
  /** Bytes by operation, since there was last next to nothing to read. */
  private shares: Map<number, number> | undefined;

  constructor(private readonly maxUnreadBytes: number) {}

  /**
   * Takes note of a result that is to be sent. Throws a `RuntimeError` where there is no room for it: that costs
   * its operation, as a handler that fails does.
   */
  add(result: Result, { queuedBytes: queued }: UnreadPeer): void {
    if (result.type !== 'push') return;
    const length = bodyBytes(result);
    const { maxUnreadBytes } = this;
    if (length > Math.floor(maxUnreadBytes * LARGEST_PART)) throw tooLarge(length, maxUnreadBytes);
    if (queued <= maxUnreadBytes * FREE_PART) this.shares = undefined;
    else this.share(result.frameId, HEAD_BYTES + length, queued);
  }

  private share(frameId: number, bytes: number, queued: number): void {
    const shares = (this.shares ??= new Map<number, number>());
    const before = Math.min(shares.get(frameId) ?? 0, queued);
    const own = before + bytes;
    const room = this.maxUnreadBytes - (queued - before);
    // Who has only begun has outrun nobody: a peer that takes nothing at all is cut for it.
    if (before > 0 && own > room * LARGEST_PART) throw outrun(queued, this.maxUnreadBytes);
    shares.set(frameId, own);
  }
}

function tooLarge(length: number, maxUnreadBytes: number): RuntimeError {
  const most = Math.floor(maxUnreadBytes * LARGEST_PART);
  return refusal(
    `its body of ${length} bytes is larger than ${most}, what limits.maxUnreadBytes (${maxUnreadBytes}) has room for; send it in parts`,
  );
}

function outrun(queued: number, maxUnreadBytes: number): RuntimeError {
  return refusal(
    `${queued} bytes wait for a client that reads more slowly than they come, and limits.maxUnreadBytes is ${maxUnreadBytes}; answer with an iterable, or heed submit.pressure$`,
  );
}

function refusal(message: string): RuntimeError {
  return new RuntimeError('internal', message, { reach: 'operation', origin: 'application' });
}
