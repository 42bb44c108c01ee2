/** A packet of which a part has come. */
export interface UnfinishedPacket {
  /** Tells it from those before and after it. */
  readonly number: number;
  /** Bytes of it so far. */
  readonly bytes: number;
  /** Bytes that it will have at least, as its header says; undefined before that has come, and where nobody can tell. */
  readonly length?: number | undefined;
}
