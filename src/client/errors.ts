import { enumerationKey, type Enumeration } from '../wire/codec/enumeration';
import { PrintableError } from '../wire/json';
import { CloseReason } from '../wire/messages/session-close';
import { SessionErrorCode, SessionStatus } from '../wire/messages/session-open';

/** How a session came to its end, as its client has it. */
export interface SessionEnd {
  /**
   * Who has ended it: either side, the loss of its connection, which it did not survive, or another client that has
   * taken it over with its ticket.
   */
  readonly by: 'client' | 'server' | 'connection' | 'taken-over';
  /** The server's, where it has closed the session. */
  readonly closeReason: CloseReason | undefined;
  /** The server's, where it has closed the session or refused to resume it, else 0; see `SessionErrorCode`. */
  readonly errorCode: number;
  /** Why it was not resumed, in words; empty where there is nothing to say. */
  readonly text: string;
  /** Whether another one may be opened with what this one was: not where the server takes that no more. */
  readonly mayOpenAgain: boolean;
}

/** Why a session has ended: the server's reason by its name, and what else is said; empty where nothing is. */
export function reasonOf({ closeReason, errorCode, text }: SessionEnd): string {
  const reason = closeReason === undefined ? '' : nameOf(CloseReason, closeReason);
  const code = errorCode === SessionErrorCode.None ? '' : nameOf(SessionErrorCode, errorCode);
  return [reason, text || code].filter((each) => each !== '').join(', ');
}

function nameOf(codes: Enumeration, code: number): string {
  return enumerationKey(codes, code) ?? `0x${code.toString(16)}`;
}

/**
 * Why an operation has no result:
 *
 * - `failed`: its handler failed, with a `status`, perhaps a `text` and a time to try again in (`retryAfterMs`)
 * - `late`: it was past its deadline
 * - `superseded`: the server has put another in its place
 * - `budget-exceeded`: it has used up what its client allows it
 * - `draining`: its session was being closed before it had begun
 * - `no-room`: the server had no room for it to wait in
 * - `over-credit`: so, and there was no credit for it
 * - `node-lost`: the node of a cluster that ran it is gone, and no other goes on with it
 * - `dropped`: the server has ended it and does not say why
 * - `refused`: the server answered the submit with ERROR; `errorCode` says which
 * - `cancelled`: `session.cancel` was called for it, or its `signal` has aborted, whose reason is the `cause`
 * - `slow-consumer`: whoever pulled its results took none for `slowConsumerMs`, where no more may wait
 * - `session-closed`: its session was closed before
 * - `taken-over`: another client has taken its session over with a ticket, and has its answer where it was sent
 * - `connection-lost`: its connection ended before; whether the server has run it, `outcome` says
 * - `too-large`: it is larger than the server takes over this transport; the session goes on
 * - `undeliverable`: connections have ended, one after another, before the server had received it: two where the server
 *   said why (`text`), or does not say what it takes, else five; or, as the server says then (`errorCode` 0x2000b), five
 *   while a part of its answer was on its way again; that is not sent any more, and the session goes on
 * - `unreadable`: its connection has ended of what the server answered, which this client does not take, and would
 *   again; the session goes on
 */
export type OperationFailure =
  | 'failed'
  | 'late'
  | 'superseded'
  | 'budget-exceeded'
  | 'draining'
  | 'no-room'
  | 'over-credit'
  | 'node-lost'
  | 'dropped'
  | 'refused'
  | 'cancelled'
  | 'slow-consumer'
  | 'session-closed'
  | 'taken-over'
  | 'connection-lost'
  | 'too-large'
  | 'undeliverable'
  | 'unreadable';

/**
 * The state of an operation that has no result, as far as is known. Nothing is ever run again by itself: whoever wants
 * that submits again, without a thought where it is `not-run`, and where it is `unknown` only what may
 * run twice.
 *
 * - `not-run`: it was never sent, never received (`too-large`), or never begun (`draining`, `no-room`, `over-credit`)
 * - `given-up`: the server has done with it, and says so (`failed`, `late`, `superseded`, `budget-exceeded`,
 *   `dropped`, `refused`), or this
 *   end has (`undeliverable`, `unreadable`)
 * - `unknown`: it was sent, and may have run, in whole or in part
 */
export type OperationOutcome = 'not-run' | 'given-up' | 'unknown';

const SENTENCES: Readonly<Record<OperationFailure, string>> = {
  failed: 'its handler failed',
  late: 'it was past its deadline',
  superseded: 'the server has put another in its place',
  'budget-exceeded': 'it has used up its budget',
  draining: 'its session was being closed, and it had not begun',
  'no-room': 'the server had no room for it to wait in; submit it later',
  'over-credit': 'there was no credit for it, and no room for it to wait in; submit fewer at a time',
  'node-lost': 'the node that ran it is gone, and whether it has run is unknown',
  dropped: 'the server dropped it; its `failures$` and `limits$` tell why',
  refused: 'the server refused it',
  cancelled: 'it was cancelled',
  'slow-consumer': 'its loop took no result for `slowConsumerMs`, and no more may wait',
  'session-closed': 'its session is closed',
  'taken-over': 'another client has taken its session over, and has its answer',
  'connection-lost': 'the connection is lost, and whether the server has run it is unknown',
  'too-large': 'it is larger than the server takes over this transport',
  undeliverable:
    'connections have ended, one after another, while it or its answer was on its way; send less at a time',
  unreadable: 'the connection has ended of an answer that this client does not take',
};

/** Of a submit that was never sent. */
const SENTENCES_UNSENT: Readonly<Partial<Record<OperationFailure, string>>> = {
  'taken-over': 'another client has taken its session over, and it was never sent',
  'connection-lost': 'the connection is lost, and it was never sent',
};

const NOT_RUN: ReadonlySet<OperationFailure> = new Set(['too-large', 'draining', 'no-room', 'over-credit']);
const GIVEN_UP: ReadonlySet<OperationFailure> = new Set([
  'failed',
  'late',
  'superseded',
  'budget-exceeded',
  'dropped',
  'refused',
  'undeliverable',
  'unreadable',
]);

/** The HTTP status that gateways say for each. */
const STATUS_OF: Readonly<Partial<Record<OperationFailure, number>>> = {
  late: 504,
  superseded: 409,
  'budget-exceeded': 429,
  draining: 503,
  'no-room': 503,
  'over-credit': 429,
  'node-lost': 502,
};

/** An operation has no result: the error of a submit's Observable. */
export class OperationError extends PrintableError {
  override readonly name = 'OperationError';
  /** Of an ERROR, 0 otherwise. */
  readonly errorCode: number;
  /** As HTTP numbers it: the handler's, of `failed`; what a gateway would say, of an end that the server tells. */
  readonly status: number | undefined;
  /** In the server's words; may be empty. */
  readonly text: string;
  /** Milliseconds to try again in, 0 where nothing is said of it. */
  readonly retryAfterMs: number;
  /** The operation's state at the server, as far as is known. */
  readonly outcome: OperationOutcome;
  readonly #dropReason: number;
  readonly #sessionEnd: SessionEnd | undefined;

  constructor(
    readonly reason: OperationFailure,
    readonly sessionId: number,
    /** 0 where the submit was never sent. */
    readonly frameId: number,
    {
      errorCode = 0,
      dropReason = 0,
      text = '',
      retryAfterMs = 0,
      detail = text,
      sessionEnd,
      cause,
    }: Partial<
      Pick<OperationError, 'errorCode' | 'dropReason' | 'text' | 'retryAfterMs' | 'sessionEnd' | 'cause'>
    > & { readonly detail?: string } = {},
  ) {
    const operation = frameId === 0 ? 'a submit' : `operation ${frameId}`;
    const sentence = (frameId === 0 ? SENTENCES_UNSENT[reason] : undefined) ?? SENTENCES[reason];
    const status = reason === 'failed' ? ` (status ${errorCode})` : '';
    // Of another client the sentence says it.
    const end = sessionEnd === undefined || reason === 'taken-over' ? '' : reasonOf(sessionEnd);
    const later = retryAfterMs === 0 ? '' : `; try again in ${retryAfterMs} ms`;
    const why = `${sentence}${status}${end && ` (${end})`}${detail && `: ${detail}`}${later}`;
    super(
      `${operation} of session ${sessionId} has no result: ${why}`,
      cause === undefined ? undefined : { cause },
    );
    this.errorCode = errorCode;
    this.#dropReason = dropReason;
    this.status = reason === 'failed' ? errorCode : STATUS_OF[reason];
    this.text = text;
    this.retryAfterMs = retryAfterMs;
    this.#sessionEnd = sessionEnd;
    this.outcome = outcomeOf(reason, frameId);
  }

  /** Why, as a server of preview4 says it: a `DropReason` of `nnrp-rx/wire`, or a number of its own; 0 for nothing. */
  get dropReason(): number {
    return this.#dropReason;
  }

  /** How its session came to its end, where that is why: who ended it, and whether another may be opened. */
  get sessionEnd(): SessionEnd | undefined {
    return this.#sessionEnd;
  }

  override toJSON(): Record<string, unknown> {
    const { dropReason, sessionEnd } = this;
    const why = dropReason === 0 ? {} : { dropReason };
    return { ...super.toJSON(), ...why, ...(sessionEnd && { sessionEnd }) };
  }
}

function outcomeOf(reason: OperationFailure, frameId: number): OperationOutcome {
  if (frameId === 0 || NOT_RUN.has(reason)) return 'not-run';
  return GIVEN_UP.has(reason) ? 'given-up' : 'unknown';
}

/** The server has refused a session: the error of `openSession`. */
export class SessionRejectedError extends PrintableError {
  override readonly name = 'SessionRejectedError';

  constructor(
    readonly status: typeof SessionStatus.Rejected | typeof SessionStatus.RetryLater,
    /** A `SessionErrorCode`, or one of the server's own. */
    readonly errorCode: number,
    /** Why, in the server's words or, of `SessionLimitReached`, by what its answer shows; may be empty. */
    readonly text = '',
  ) {
    const verb = status === SessionStatus.RetryLater ? 'cannot take the session now' : 'refused the session';
    const code = enumerationKey(SessionErrorCode, errorCode) ?? `0x${errorCode.toString(16)}`;
    const why = [errorCode === SessionErrorCode.None ? '' : code, text].filter((each) => each !== '');
    super([`the server ${verb}`, ...why].join(': '));
  }
}

/** The server has answered with ERROR: the error of `openSession`. */
export class ServerRefusalError extends PrintableError {
  override readonly name = 'ServerRefusalError';

  constructor(
    /** Of the ERROR. */
    readonly errorCode: number,
    diagnostic: string,
  ) {
    super(`the server answered with error 0x${errorCode.toString(16)}${diagnostic && `: ${diagnostic}`}`);
  }
}

/** The server has refused a move: the error of `moveTo`. The session stays where it is. */
export class MigrationRefusedError extends PrintableError {
  override readonly name = 'MigrationRefusedError';

  constructor(
    readonly sessionId: number,
    /** Of SESSION_MIGRATE_ACK; see `MigrateRefusal` for this project's servers. */
    readonly acceptCode: number,
  ) {
    super(`the server refused to move session ${sessionId}: accept code ${acceptCode}`);
  }
}
