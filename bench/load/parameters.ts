import type { RevisionName } from '../../src/wire/message';

/** What a load does. */
export interface LoadParameters {
  readonly port: number;
  /** Default: preview3. */
  readonly revision?: RevisionName;
  readonly framing: 'tcp' | 'ws';
  readonly connections: number;
  /** Sessions of each connection, which take turns. */
  readonly sessions: number;
  /** The other sessions have the ids that follow. Default: 1. Of `load/wire` alone, as are `operations`. */
  readonly firstSessionId?: number;
  /** Operations of each connection in flight. */
  readonly window: number;
  readonly bodyBytes: number;
  /** How many operations a run is, whatever time they take. Default: as many as time allows. */
  readonly operations?: number;
  /** Milliseconds of a run that do not count. */
  readonly warmMs: number;
  /** Milliseconds of a run that count. */
  readonly runMs: number;
}

/** What connects, opens a session and closes; `window` of them at a time. */
export interface ConnectingParameters extends Pick<LoadParameters, 'port' | 'window' | 'warmMs' | 'runMs'> {
  readonly revision: RevisionName | 'auto';
}

/** What opens connections, sessions and operations that are never answered, and keeps them. */
export interface HoldParameters {
  /** Default: preview3. */
  readonly revision?: RevisionName;
  /** The other sessions have the ids that follow. */
  readonly firstSessionId: number;
  readonly port: number;
  readonly connections: number;
  /** Of each connection. */
  readonly sessions: number;
  /** Of each session. */
  readonly operations: number;
  readonly bodyBytes: number;
  /** Whether the sessions may be resumed, so that their results are kept. Default false. */
  readonly resumable?: boolean;
}

/** What asks every session for one answer in parts: in each run once to warm up and once to be measured. */
export interface StreamParameters {
  readonly port: number;
  /** Default: preview3. */
  readonly revision?: RevisionName;
  readonly connections: number;
  /** Of each connection. */
  readonly sessions: number;
  readonly warmParts: number;
  readonly parts: number;
}

/** What asks for answers that never end, and reads them. */
export interface TokensParameters {
  readonly port: number;
  readonly protocol: 'nnrp' | 'nnrp-preview4' | 'nnrp-tls' | 'nnrp-ws' | 'ws' | 'socket.io' | 'sse' | 'grpc';
  readonly connections: number;
  /** Of each connection. */
  readonly answers: number;
}

/** What asks for answers that come at a pace of the server's, and looks when. */
export interface PacedParameters extends TokensParameters {
  /** Milliseconds of a run. */
  readonly runMs: number;
}

/** What a run of it has seen; microseconds. */
export interface PacedRun {
  /** Between two tokens of one answer. */
  readonly gap: { readonly p50: number; readonly p99: number };
  /** From a request to the first token of its answer. */
  readonly first: { readonly p50: number; readonly p99: number };
}
