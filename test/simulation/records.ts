import type { ClientSession } from '../../src/client/session/session';
import type { SessionConnectivity } from '../../src/protocol/session/session-connectivity';
import type { OperationFailure, OperationOutcome } from '../../src/client/errors';
import type { ServerSession } from '../../src/server/session/session';
import type { ResultPush } from '../../src/protocol/operation/result';
import type { SubmitEnd } from '../../src/server/session/session-message';
import type { AnswerPlan } from './actors/answers';
import type { Heard } from './wire/heard';

/** What a client saw of an operation, as it was told and before RxJS makes sure of its own rules. */
export type Seen =
  | { readonly type: 'partial'; readonly body: Uint8Array }
  | { readonly type: 'last'; readonly body: Uint8Array }
  | { readonly type: 'complete' }
  | {
      readonly type: 'error';
      readonly reason: OperationFailure | undefined;
      readonly errorCode: number;
      readonly outcome: OperationOutcome | undefined;
      readonly retryAfterMs: number;
    };

/** How the application ended an operation, or somebody for it. */
export interface RecordedEnd {
  readonly end: SubmitEnd;
  /** Of the result that the application gave last. */
  readonly body: Uint8Array | undefined;
  /** Whether there was no connection that could have carried it. */
  readonly isDetached: boolean;
}

/** An operation, as both ends know it. */
export interface OperationRecord {
  /** From 1; a submit carries it in a field that nothing else uses. */
  readonly index: number;
  /** The one that it is waited for in: what waits when a session is opened anew goes with it. */
  session: SessionRecord;
  readonly plan: AnswerPlan;
  readonly body: Uint8Array;
  /** 0 until it is sent. */
  frameId: number;
  readonly seen: Seen[];
  /** Who pulls it, where it is pulled, and when that one last took a result. */
  pulled: AsyncIterator<ResultPush> | undefined;
  takenAt: number;
  /** Whether its client has asked the server to hold it. */
  isToBeHeld: boolean;
  /** What its server has been told of it. */
  readonly heard: Heard;
  /** What its handler has said of how far it is, and what its client has heard of that. */
  readonly progress: string[];
  readonly progressHeard: string[];
  /** How much it had seen when its client unsubscribed. */
  unsubscribedAt: number | undefined;
  /** Whether it was sent to a server that has its session no more. */
  isForgotten: boolean;
  /** Whether its client has heard that the server, which closes, never begins it. */
  isReturned: boolean;
  /** The key of the cached object that it refers to. */
  readonly reference: number | undefined;
  /** Whether its client called `cancel`. */
  isCancelled: boolean;
  /** Whether the application cancelled it. */
  isWithdrawn: boolean;
  /** Whether the server had closed its session to new operations when it came. */
  isTooLate: boolean;
  /** Whether it came before the application listened. */
  isEarly: boolean;
  /** How often its handler started. */
  starts: number;
  /** Bodies of the partial results that its handler gave. */
  readonly emitted: Uint8Array[];
  readonly ends: RecordedEnd[];
  /** What the handler is about to end the answer with. */
  offered: Uint8Array | undefined;
  /** Whether its handler is subscribed to. */
  isRunning: boolean;
  /** Whether the client of the session made it; others are floods and ghosts. */
  readonly isOfClient: boolean;
  /** Whether it went by a connection that its session had left. */
  readonly isGhost: boolean;
  /** Whether a last result of it has been sent. */
  hasLastResult: boolean;
}

/** Whose an operation is. */
export type OperationOrigin = 'client' | 'flood' | 'ghost';

/** A resume token, and how the server should take it. */
export interface TokenRecord {
  readonly hex: string;
  isAccepted: boolean;
}

/** The credit that a client knows of, of one scope. */
export interface Grant {
  credit: number;
  isStopped: boolean;
  retryAt: number;
  epoch: number;
}

/** A session, as both ends know it. One that is opened anew is another, which its client goes over to. */
export interface SessionRecord {
  /** What the client names it by before it has an id, and whenever it asks for another in its place. */
  readonly tag: bigint;
  readonly actor: string;
  /** Whether its client keeps to the protocol. */
  readonly isObedient: boolean;
  readonly isReconnecting: boolean;
  /** Bytes that may wait for those who pull; undefined for the default. */
  readonly maxBufferedBytes: number | undefined;
  readonly operations: Set<OperationRecord>;
  /** 0 until it is accepted. */
  sessionId: number;

  server: ServerSession | undefined;
  /** Whether the application listens for submits. */
  isServed: boolean;
  /** The connection that carries it, as the server's acks say. */
  attachedTo: number | undefined;
  attachment: SessionConnectivity | undefined;
  detachedAt: number | undefined;
  /** Tokens that were given for it, oldest first. */
  readonly tokens: TokenRecord[];
  /** The results of the session, as they went out first, in their order. */
  readonly results: Uint8Array[];
  /** The newest attempt of its client to resume it that the server took. */
  lastAttempt: number;
  /** How many of them the present connection has been given; undefined where the client does not count. */
  cursor: number | undefined;
  /** When a close was accepted, and when all must be over then. */
  closing: { readonly by: 'client' | 'server'; deadline: number } | undefined;
  /** Until which date the policy has given it; undefined for ever. */
  expiresAt: number | undefined;
  /** When it must be over by that, as the time goes and not the date. */
  overdueAt: number | undefined;
  /** When more waited for its client than there is room for: it is about to expire. */
  overfullAt: number | undefined;

  /** Whether it was opened in the place of one that its server had no more. */
  readonly isAnew: boolean;
  /** Keys of the objects that its client has put. */
  readonly cached: Set<number>;

  /** Undefined where the client has not heard of it, or has gone over to another. */
  client: ClientSession | undefined;
  connectivity: SessionConnectivity | undefined;
  /** The connection that the client has it on, and the last one that it had. */
  link: number | undefined;
  lastLink: number | undefined;
  /** Operations that were sent and have not ended for the client. */
  readonly outstanding: Set<OperationRecord>;
  readonly grant: Grant;
  maxInFlight: number;
  /** The least that server and client took in one packet, of all connections that carried it. */
  readonly least: { server: number; client: number };
  /** The newest FLOW_UPDATE of its client's that the server has taken. */
  holdEpoch: number;
  /** Submits that have come. */
  arrivals: number;
  /** Patches whose ack was another's. */
  wrongAcks: number;
}

/** Something that went against one of the invariants. */
export interface Violation {
  /** The invariant's number; 0 where the simulation itself could not go on. */
  readonly invariant: number;
  readonly text: string;
}

export function newGrant(credit: number): Grant {
  return { credit, isStopped: false, retryAt: 0, epoch: -1 };
}

/** Whether its client waits for more. */
export function isOpenForClient({ seen, unsubscribedAt }: OperationRecord): boolean {
  const last = seen.at(-1)?.type;
  return unsubscribedAt === undefined && last !== 'complete' && last !== 'error';
}

export function isOverForServer({ attachment }: SessionRecord): boolean {
  return attachment === 'expired' || attachment === 'closed';
}

export function isOverForClient({ connectivity }: SessionRecord): boolean {
  return connectivity === 'expired' || connectivity === 'closed';
}

export function nameOf({ actor, tag, sessionId }: SessionRecord): string {
  return `session ${sessionId || `tagged ${tag}`} of ${actor}`;
}

export function nameOfOperation({ index, frameId, session }: OperationRecord): string {
  return `operation ${index} (frame ${frameId} of ${nameOf(session)})`;
}
