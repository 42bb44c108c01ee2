/** What an operation may still use; Infinity where its client sets no bound. */
export interface Budget {
  /** Texts of its answer: each string that a handler answers with is one, and each payload of a result that has texts. Default Infinity. */
  readonly tokens: number;
  /** Bytes of the bodies of its results. Default Infinity. */
  readonly bandwidthBytes: number;
  /** Whatever its handler counts; nobody else does. Default Infinity. */
  readonly computeUnits: number;
  /** Bytes, which its handler counts. Default Infinity. */
  readonly memoryBytes: number;
}

export const UNBOUNDED: Budget = {
  tokens: Infinity,
  bandwidthBytes: Infinity,
  computeUnits: Infinity,
  memoryBytes: Infinity,
};
