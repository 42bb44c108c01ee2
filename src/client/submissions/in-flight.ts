import type { ConnectionCredit } from '../link/connection-credit';
import type { Submission } from './submission';

const MAX_FRAME_ID = 0xffffffff;

/**
 * The submits of a session that were sent and have not ended, by frame id, and how many of them the connection's credit
 * counts: an operation that waits for a tool does not, nor does what answers it. The server does not count them either.
 */
export class InFlight {
  private readonly byId = new Map<number, Submission>();
  private uncounted = 0;
  private lastId = 0;
  /** Hears of each that leaves before the session ends. */
  left: ((frameId: number) => void) | undefined;

  constructor(
    /** What the connection's sessions share; undefined while there is no connection to send on. */
    public connection: ConnectionCredit | undefined,
  ) {}

  /** The last frame id that was given, 0 before the first. */
  get lastFrameId(): number {
    return this.lastId;
  }

  get hasIdsLeft(): boolean {
    return this.lastId < MAX_FRAME_ID;
  }

  get size(): number {
    return this.byId.size;
  }

  /** Those that take credit. */
  get counted(): number {
    return this.byId.size - this.uncounted;
  }

  get(frameId: number): Submission | undefined {
    return this.byId.get(frameId);
  }

  has(frameId: number): boolean {
    return this.byId.has(frameId);
  }

  /** Ascending. */
  ids(): number[] {
    return [...this.byId.keys()];
  }

  all(): Submission[] {
    return [...this.byId.values()];
  }

  /** Gives a submission the next frame id. */
  add(submission: Submission): void {
    this.lastId += 1;
    submission.frameId = this.lastId;
    this.takeUp(submission);
  }

  /** New ones are numbered after this. */
  numberAfter(lastFrameId: number): void {
    this.lastId = lastFrameId;
  }

  /** Goes on with one that has its frame id. */
  takeUp(submission: Submission): void {
    this.byId.set(submission.frameId, submission);
    if (submission.isCounted) this.connection?.take();
    else this.uncounted += 1;
  }

  delete(submission: Submission): void {
    if (!this.byId.delete(submission.frameId)) return;
    if (submission.isCounted) this.connection?.giveBack();
    else this.uncounted -= 1;
    this.left?.(submission.frameId);
  }

  /** One begins to wait for a tool, or goes on. */
  count(submission: Submission, isCounted: boolean): void {
    if (submission.isCounted === isCounted || !this.byId.has(submission.frameId)) return;
    submission.isCounted = isCounted;
    this.uncounted += isCounted ? -1 : 1;
    if (isCounted) this.connection?.take();
    else this.connection?.giveBack();
  }

  clear(): void {
    this.byId.clear();
    this.uncounted = 0;
  }

  /** How many depend on an operation, or retry it. */
  dependants(operationId: number): number {
    let count = 0;
    for (const { isCounted, metadata } of this.byId.values()) {
      if (isCounted && (metadata.dependencyFrameId || metadata.retryOfFrame) === operationId) count += 1;
    }
    return count;
  }
}
