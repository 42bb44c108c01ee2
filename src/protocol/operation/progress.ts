/** How far an answer is, beside its results. */
export interface Progress {
  /** From 0 to 100; undefined where nobody can tell. */
  readonly percent?: number | undefined;
  /** A `StageCode` of `nnrp-rx/wire`, or from 0x100 to 0x7fff one of the application's. Default 0: unspecified. */
  readonly stage?: number;
  /** What is being done, in words; 256 bytes of its UTF-8 are sent. Default none. */
  readonly text?: string;
}
