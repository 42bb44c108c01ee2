/** Connections that may end of one submit, for all that is known: it is not offered to a third. */
const MAX_ENDED = 2;

/** Bytes come in order: where a connection died of a submit, it was the first that was not received. */
export class Suspect {
  private frameId = 0;
  /** Connections that ended before the server had received it. */
  private ended = 0;

  /** A connection has ended; 0 where the server had received all. */
  note(firstUnreceivedId = 0): void {
    this.ended = this.frameId === firstUnreceivedId ? this.ended + 1 : 1;
    this.frameId = firstUnreceivedId;
  }

  isFatal(frameId: number): boolean {
    return this.frameId === frameId && this.ended >= MAX_ENDED;
  }
}
