import { enumerationKey } from '../wire/codec/enumeration';
import { PrintableError } from '../wire/json';
import { SessionErrorCode, SessionStatus } from '../wire/messages/session-open';

/**
 * Why an operation has no result:
 *
 * - `dropped`: the server sent RESULT_DROP
 * - `refused`: the server answered the submit with ERROR; `errorCode` says which
 * - `cancelled`: `session.cancel` was called for it, or its `signal` has aborted, whose reason is the `cause`
 * - `slow-consumer`: whoever pulled its results took none for `slowConsumerMs`, where no more may wait
 * - `session-closed`: its session was closed before
 * - `connection-lost`: its connection ended before; whether the server has run it, `outcome` says
 * - `too-large`: it is larger than the server takes over this transport; the session goes on
 * - `undeliverable`: two connections have ended before the server had received it, so that it is not sent over a
 *   third; the session goes on
 */
export type OperationFailure =
  | 'dropped'
  | 'refused'
  | 'cancelled'
  | 'slow-consumer'
  | 'session-closed'
  | 'connection-lost'
  | 'too-large'
  | 'undeliverable';

/**
 * What is known of an operation that has no result. Nothing is ever run again by itself: whoever wants
 * that submits again, without a thought where it is `not-run`, and where it is `unknown` only what may
 * run twice.
 *
 * - `not-run`: it was never sent, or never received (`too-large`)
 * - `given-up`: the server has done with it, and says so (`dropped`, `refused`), or this end has (`undeliverable`)
 * - `unknown`: it was sent, and may have run, in whole or in part
 */
export type OperationOutcome = 'not-run' | 'given-up' | 'unknown';

const SENTENCES: Readonly<Record<OperationFailure, string>> = {
  dropped: 'the server dropped it; its `failures$` and `limits$` tell why',
  refused: 'the server refused it',
  cancelled: 'it was cancelled',
  'slow-consumer': 'its loop took no result for `slowConsumerMs`, and no more may wait',
  'session-closed': 'its session is closed',
  'connection-lost': 'the connection is lost, and whether the server has run it is unknown',
  'too-large': 'it is larger than the server takes over this transport',
  undeliverable: 'two connections have ended before the server had received it; is it larger than it takes?',
};

const GIVEN_UP: ReadonlySet<OperationFailure> = new Set(['dropped', 'refused', 'undeliverable']);

/** What a submit's Observable errors with. */
export class OperationError extends PrintableError {
  override readonly name = 'OperationError';

  constructor(
    readonly reason: OperationFailure,
    readonly sessionId: number,
    /** 0 where the submit was never sent. */
    readonly frameId: number,
    /** Of an ERROR, 0 otherwise. */
    readonly errorCode = 0,
    detail = '',
    /** Of a signal that has aborted, its reason. */
    options?: { readonly cause: unknown },
  ) {
    const operation = frameId === 0 ? 'a submit' : `operation ${frameId}`;
    const sentence =
      frameId === 0 && reason === 'connection-lost'
        ? 'the connection is lost, and it was never sent'
        : SENTENCES[reason];
    super(
      `${operation} of session ${sessionId} has no result: ${sentence}${detail && `: ${detail}`}`,
      options,
    );
  }

  /** What is known of the operation at the server. */
  get outcome(): OperationOutcome {
    if (this.frameId === 0 || this.reason === 'too-large') return 'not-run';
    return GIVEN_UP.has(this.reason) ? 'given-up' : 'unknown';
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), outcome: this.outcome };
  }
}

/** What `openSession` rejects with where the server says no. */
export class SessionRejectedError extends PrintableError {
  override readonly name = 'SessionRejectedError';

  constructor(
    readonly status: typeof SessionStatus.Rejected | typeof SessionStatus.RetryLater,
    /** A `SessionErrorCode`, or one of the server's own. */
    readonly errorCode: number,
    /** Why, in the server's words or, of `SessionLimitReached`, by what its answer shows; may be empty. */
    readonly text = '',
  ) {
    const name = enumerationKey(SessionErrorCode, errorCode) ?? `0x${errorCode.toString(16)}`;
    const verb = status === SessionStatus.RetryLater ? 'cannot take the session now' : 'refused the session';
    super(`the server ${verb}: ${name}${text && `: ${text}`}`);
  }
}

/** What `openSession` rejects with where the server answers with ERROR. */
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

/** What `moveTo` rejects with where the server says no; the session stays where it is. */
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
