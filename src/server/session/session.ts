import { Observable, type Observer, type Subject, type Subscription } from 'rxjs';
import { dropLate, type Lateness } from '../../../operators/drop-late';
import { respondToSubmits, type SubmitHandler } from '../../../operators/respond-to-submits';
import { CancelScope } from '../../protocol/operation/operation';
import type { Operation } from '../../protocol/operation/operation-registry';
import type { Result } from '../../protocol/operation/result';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import type { SessionState } from '../../protocol/session/session-lifecycle';
import type { PeerName, TransportKind } from '../../transport/transport';
import { NnrpError } from '../../wire/errors';
import {
  BackpressureLevel,
  FlowScope,
  FlowUpdateReason,
  type FlowUpdateMetadata,
} from '../../wire/messages/flow-update';
import { CloseReason, InFlightPolicy } from '../../wire/messages/session-close';
import { ResultHintMetadata } from '../../wire/messages/result-hint';
import {
  SessionErrorCode,
  type SessionOpenAckMetadata,
  type SessionOpenMetadata,
} from '../../wire/messages/session-open';
import { keepingSlots } from './kept-slots';
import type { Cancel, Close, SessionMessage } from './messages';
import type { MigrateRequest, PatchRequest } from './requests';
import type { SessionCore } from './session-core';
import type { AttachmentState, CreditTarget, SessionEnding } from './session-terms';
import type { Submit } from './submit';

/**
 * A client's session: a stream of all that it asks for, in order; views of that stream by message
 * type; and senders for what it is answered with. It completes when the session is over.
 *
 * @example
 * server.sessions$.subscribe((session) => {
 *   session.respond((submit) => model.stream(submit.body));
 * });
 */
export class ServerSession extends Observable<SessionMessage> {
  /** Submits, as slots are free (`maxInFlightOperations`). They wait until somebody subscribes. */
  readonly submits$: Observable<Submit>;
  readonly cancels$: Observable<Cancel>;
  /** Requests to change settings; refused while nobody subscribes. */
  readonly patches$: Observable<PatchRequest>;
  /** Requests to move to another transport; refused while nobody subscribes. */
  readonly migrations$: Observable<MigrateRequest>;
  readonly closes$: Observable<Close>;
  /**
   * Where results go: `pipe(…).subscribe(session.results)`. A result of an operation that has ended
   * meanwhile is not sent; one that cannot be encoded costs its operation; an error drops every operation
   * of the session.
   */
  readonly results: Observer<Result>;

  constructor(private readonly core: SessionCore) {
    super((subscriber) => watch(core, core.streams.messages, subscriber));
    this.submits$ = new Observable((subscriber) => watch(core, core.streams.submits, subscriber));
    this.cancels$ = core.streams.cancels.asObservable();
    this.patches$ = core.streams.patches.asObservable();
    this.migrations$ = core.streams.migrations.asObservable();
    this.closes$ = core.streams.closes.asObservable();
    this.results = resultsOf(core);
  }

  get sessionId(): number {
    return this.core.sessionId;
  }

  get state(): SessionState {
    return this.core.state;
  }

  /** What the client asked for. */
  get open(): SessionOpenMetadata {
    return this.core.open;
  }

  /** What it was granted. */
  get granted(): SessionOpenAckMetadata {
    return this.core.granted;
  }

  get peer(): PeerName {
    return this.core.outlet.peer;
  }

  get transport(): TransportKind {
    return this.core.outlet.kind;
  }

  /** The highest operation id that the client has submitted. */
  get lastOperationId(): number {
    return this.core.operations.lastOperationId;
  }

  /** Whether results wait because the client does not take them as fast as they come, or is away. */
  get pressure$(): Observable<boolean> {
    return this.core.outlet.pressure$;
  }

  /** Whether a connection carries the session: now, then at each change; completes with the session. */
  get attachment$(): Observable<AttachmentState> {
    return this.core.attachment;
  }

  /** Operations that have not ended, waiting ones among them. */
  get operations(): readonly Operation[] {
    return this.core.operations.all();
  }

  /** Objects that the client has cached. */
  get cacheObjectCount(): number {
    return this.core.cacheObjectCount;
  }

  /**
   * Answers every submit with what `handler` makes of it: bytes and strings become parts of the answer,
   * completion its end. A cancel, a disconnect and a close unsubscribe the handler; a handler that
   * throws costs its own operation. Unsubscribe to stop taking submits; those
   * that are being answered are dropped. With `late`, submits past their
   * deadline are given up; by default a deadline is only what `submit.deadline` says.
   *
   * @example
   * session.respond(async function* (submit) {
   *   for await (const token of model.stream(decoder.decode(submit.body))) yield token;
   * });
   */
  respond(handler: SubmitHandler<Submit>, { late }: { readonly late?: Lateness } = {}): Subscription {
    const onError = (error: unknown, submit: Submit): void => {
      this.core.host.failed(handlerFailed(this.sessionId, submit.frameId, error));
    };
    const onAbandoned = (submit: Submit): void => {
      submit.fail();
    };
    const { scheduler } = this.core.host;
    const submits$ =
      late === undefined ? this.submits$ : this.submits$.pipe(dropLate({ when: late, scheduler }));
    return submits$
      .pipe(respondToSubmits(keepingSlots(handler), { onError, onAbandoned, pressure$: this.pressure$ }))
      .subscribe(this.results);
  }

  /**
   * Sends one result. Throws an `NnrpError`, `UnknownOperation`, where its operation is not with the
   * application, and one of the record's kinds where its fields are not allowed.
   */
  sendResult(result: Result): void {
    sendResult(this.core, result);
  }

  /**
   * Cancels an operation, and what `scope` reaches from it; see `Submit.relate`. The client gets
   * RESULT_DROP for each. Returns the ids that were cancelled. Throws an `NnrpError`, `UnknownOperation`
   * among others.
   */
  cancel(frameId: number, scope: CancelScope = CancelScope.Operation): number[] {
    return this.core.operations.cancel(frameId, scope, 'application');
  }

  /** Grants credit: how many operations the client may have in flight, in the session by default. */
  grant(credit: number, target?: CreditTarget): void {
    this.tellCredit(FlowUpdateReason.Grant, BackpressureLevel.None, credit, target);
  }

  /** Asks the client to submit nothing more until it is granted credit, or resumed. */
  pause(target?: CreditTarget): void {
    this.tellCredit(FlowUpdateReason.Pause, BackpressureLevel.Hard, 0, target);
  }

  /** Takes a pause back; by default with the credit that the session was opened with. */
  resume(credit: number = this.granted.grantedOperationCredit, target?: CreditTarget): void {
    this.tellCredit(FlowUpdateReason.Resume, BackpressureLevel.None, credit, target);
  }

  /** Closes the session; resolves when it is over. By default: normal, drained without time to do it in. */
  close(ending: Partial<SessionEnding> = {}): Promise<void> {
    return this.core.close({ ...DEFAULT_ENDING, ...ending });
  }

  /** Closes the session at once, because the client may not have it any more. */
  revoke(): Promise<void> {
    return this.core.close({
      closeReason: CloseReason.AuthRevoked,
      inFlightPolicy: InFlightPolicy.Abort,
      drainTimeoutMs: 0,
      sessionErrorCode: SessionErrorCode.AuthFailed,
    });
  }

  /** Sends a RESULT_HINT of an operation. Throws an `NnrpError` where a field is not allowed. */
  sendHint(frameId: number, fields: Partial<ResultHintMetadata>): void {
    this.core.sender.hint(frameId, ResultHintMetadata.of(fields));
  }

  /** Sends a FLOW_UPDATE. Throws an `NnrpError` where scope and fields do not fit. */
  sendFlowUpdate(update: FlowUpdateMetadata): void {
    this.core.sender.flowUpdate(update);
  }

  private tellCredit(
    reason: FlowUpdateReason,
    level: BackpressureLevel,
    credit: number,
    target: CreditTarget = { scope: FlowScope.Session },
  ): void {
    this.core.tellCredit(target, { reason, level, credit });
  }
}

const DEFAULT_ENDING: SessionEnding = {
  closeReason: CloseReason.Normal,
  inFlightPolicy: InFlightPolicy.Drain,
  drainTimeoutMs: 0,
  sessionErrorCode: SessionErrorCode.None,
};

function sendResult(core: SessionCore, result: Result): void {
  core.operations.answer(result, (sent) => {
    core.sender.result(sent);
  });
}

/** Subscribes, and starts the submits that waited for somebody to do so. */
function watch<T>(core: SessionCore, subject: Subject<T>, observer: Observer<T>): Subscription {
  const subscription = subject.subscribe(observer);
  core.operations.startNext();
  return subscription;
}

function resultsOf(core: SessionCore): Observer<Result> {
  return {
    next: (result) => {
      try {
        sendResult(core, result);
      } catch (error) {
        // A cancel and a result cross: the pipeline that made the result cannot know.
        if (core.operations.hasEnded(result.frameId)) return;
        core.host.failed(resultRefused(core.sessionId, result.frameId, error));
        // Nobody else will end it, and an answer with a gap is none.
        core.operations.abandon(result.frameId);
      }
    },
    error: (error: unknown) => {
      core.host.failed(
        new RuntimeError(
          'internal',
          `the results of session ${core.sessionId} failed: ${describeError(error)}`,
          {
            reach: 'session',
            origin: 'application',
            cause: error,
          },
        ),
      );
      core.operations.endAll('dropped', { tell: true });
    },
    complete: () => undefined,
  };
}

function resultRefused(sessionId: number, frameId: number, cause: unknown): RuntimeError {
  const kind = cause instanceof NnrpError ? 'protocol' : 'internal';
  const message = `a result of operation ${frameId} of session ${sessionId} was not sent: ${describeError(cause)}`;
  return new RuntimeError(kind, message, { reach: 'operation', origin: 'application', cause });
}

function handlerFailed(sessionId: number, frameId: number, cause: unknown): RuntimeError {
  const message = `the handler of operation ${frameId} of session ${sessionId} failed: ${describeError(cause)}`;
  return new RuntimeError('internal', message, { reach: 'operation', origin: 'application', cause });
}
