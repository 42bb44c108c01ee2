/** What a load does. */
export interface LoadParameters {
  readonly port: number;
  readonly framing: 'tcp' | 'ws';
  readonly connections: number;
  /** Sessions of each connection, which take turns. */
  readonly sessions: number;
  /** Operations of each connection in flight. */
  readonly window: number;
  readonly bodyBytes: number;
  /** How many operations to run in all, whatever time they take. Default: as many as time allows. */
  readonly operations?: number;
  /** Milliseconds that do not count. */
  readonly warmMs: number;
  /** Whether those are of the clock, or of CPU that the load has used. Default: of the clock. */
  readonly warmBy?: 'cpu';
  /** Milliseconds that count. */
  readonly runMs: number;
}

/** What opens connections, sessions and operations that are never answered, and keeps them. */
export interface HoldParameters {
  /** The other sessions have the ids that follow. */
  readonly firstSessionId: number;
  readonly port: number;
  readonly connections: number;
  /** Of each connection. */
  readonly sessions: number;
  /** Of each session. */
  readonly operations: number;
  readonly bodyBytes: number;
}

/** What asks every session for one answer in parts, once to warm up and once to be measured. */
export interface StreamParameters {
  readonly port: number;
  readonly connections: number;
  /** Of each connection. */
  readonly sessions: number;
  readonly warmParts: number;
  readonly parts: number;
}
