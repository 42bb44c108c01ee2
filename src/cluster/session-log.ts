/** The key that says that a node lives, and where it is reached. */
export function nodeKey(node: string): string {
  return `node:${node}`;
}

/**
 * Whose a session is. Each node that takes it over has an epoch of its own: what an earlier one says is refused, and what
 * another node says in the same.
 */
export interface LogOwner {
  readonly node: string;
  readonly epoch: number;
}

/** A field of a session's record; undefined takes it out. */
export type LogField = readonly [name: string, value: Uint8Array | undefined];

/** What there is to say of a session since the last time. */
export interface LogUpdate extends LogOwner {
  /** `whole` replaces all that there is of the session, `more` follows it, and `ask` says nothing, only to hear a verdict. */
  readonly kind: 'whole' | 'more' | 'ask';
  readonly sessionId: number;
  /** What its client proves itself with; undefined where that has not changed. */
  readonly tokens: Uint8Array | undefined;
  readonly fields: readonly LogField[];
  /**
   * Updates that were kept since the session was said whole, that one included, as far as its owner knows: the log has so
   * many, or one more whose verdict was lost, or it has lost some.
   */
  readonly before: number;
  /** The number of the newest result that is there, as its owner has it. */
  readonly after: number;
  /** The packets of the results that follow, one behind the other, and the number of the last. */
  readonly results: Uint8Array;
  readonly last: number;
  /** Results up to this number are wanted no more, of the owner's own epoch; 0 for none. */
  readonly trimTo: number;
  /** Milliseconds that all of this is kept. */
  readonly ttlMs: number;
}

/**
 * A session is over: nothing is kept of it. Only where another node had it before, whose it was is kept as long as the
 * session would have been: what that node says is refused.
 */
export interface LogEnd extends LogOwner {
  readonly kind: 'over';
  readonly sessionId: number;
}

/**
 * What became of an update:
 *
 * - `kept`: it is there
 * - `at`: the newest result that is there has another number than its owner thought; nothing was kept
 * - `missing`: the session is not there, or not all that was kept of it
 * - `fenced`: the session is another node's
 */
export type LogVerdict =
  { readonly kind: 'kept' | 'missing' | 'fenced' } | { readonly kind: 'at'; readonly last: number };

/** What is kept of a session. */
export interface StoredSession {
  /** Of whoever took it over. */
  readonly epoch: number;
  /** The number of the newest result that there was. */
  readonly last: number;
  /** Updates that were kept of it. */
  readonly updates: number;
  readonly fields: ReadonlyMap<string, Uint8Array>;
  /** Packets, and the number of the last; in order. */
  readonly results: readonly { readonly last: number; readonly packets: Uint8Array }[];
}

/** Sessions that are to outlive their node. A call that cannot be answered rejects, soon: what became of it is unknown. */
export interface SessionLog {
  /**
   * Takes updates, each for itself, whole or not at all; a verdict for each, in their order, undefined where of several
   * servers the one that it was for has not answered.
   */
  append(updates: readonly (LogUpdate | LogEnd)[]): Promise<readonly (LogVerdict | undefined)[]>;
  /** Whose a session is, and what its client proves itself with. */
  find(sessionId: number): Promise<(LogOwner & { readonly tokens: Uint8Array }) | undefined>;
  /**
   * Makes a session another node's, where it is still whose it was, and that node is gone or the same; undefined
   * where not. From then on the one before is fenced.
   */
  takeOver(
    sessionId: number,
    from: LogOwner,
    to: { readonly node: string; readonly tokens: Uint8Array },
  ): Promise<StoredSession | undefined>;
}
