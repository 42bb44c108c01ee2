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
  readonly warmMs: number;
  readonly runMs: number;
}
