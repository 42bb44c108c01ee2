import { defer, Observable, of, type Observer, type Subscriber, type Subscription } from 'rxjs';
import { dropLate, type Lateness } from '../../../operators/drop-late';
import {
  respondToSubmits,
  type RespondOptions,
  type SubmitHandler,
} from '../../../operators/respond-to-submits';
import { CancelScope } from '../../protocol/operation/operation';
import type { Operation } from '../../protocol/operation/operation-entry';
import type { Result } from '../../protocol/operation/result';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import { SessionState } from '../../protocol/session/session-lifecycle';
import type { PeerName, TransportKind } from '../../transport/transport';
import { NnrpError } from '../../wire/errors';
import {
  BackpressureLevel,
  FlowScope,
  FlowUpdateReason,
  type FlowUpdateMetadata,
} from '../../wire/messages/flow-update';
import { ResultHintMetadata } from '../../wire/messages/result-hint';
import type { SessionOpenAckMetadata, SessionOpenMetadata } from '../../wire/messages/session-open';
import { contained, ContainedObservable, Relay, type Containment } from '../contained';
import { SubscribersOf } from '../subscribers';
import type { Cancel, Close, SessionMessage } from './messages';
import type { MigrateRequest, PatchRequest } from './requests';
import type { SessionCore } from './session-core';
import type { StreamedMessages } from './session-streams';
import { takeEnding, takeHandler, takeRespondOptions } from '../option-rules';
import { NORMAL_ENDING, REVOKED_ENDING } from './session-endings';
import type { AttachmentState, CreditTarget, SessionEnding } from './session-terms';
import { Submit } from './submits/submit';

/**
 * A client's session: a stream of all that it asks for, in order; views of that stream by message
 * type; and senders for what it is answered with. It completes when the session is over.
 *
 * @example
 * server.sessions$.subscribe((session) => {
 *   session.respond((submit) => model.stream(submit.body));
 * });
 */
export class ServerSession extends ContainedObservable<SessionMessage> {
  /**
   * Where results go: `pipe(…).subscribe(session.results)`. A result of an operation that has ended
   * meanwhile is not sent; one that cannot be encoded costs its operation; an error drops every operation
   * of the session.
   */
  readonly results: Observer<Result>;

  constructor(private readonly core: SessionCore) {
    const subscribers = new SubscribersOf(`session ${core.sessionId}`, core.host, 'session');
    super((subscriber) => {
      listen(core, 'messages', subscriber, subscribers);
    }, subscribers);
    this.results = new SessionResults(core);
  }

  /** Submits, as slots are free (`maxInFlightOperations`). They wait until somebody subscribes. */
  get submits$(): Observable<Submit> {
    return this.stream('submits', new SubscribersOfSubmits(this.core));
  }

  get cancels$(): Observable<Cancel> {
    return this.stream('cancels');
  }

  /** Requests to change settings; refused while nobody subscribes. */
  get patches$(): Observable<PatchRequest> {
    return this.stream('patches');
  }

  /** Requests to move to another transport; refused while nobody subscribes. */
  get migrations$(): Observable<MigrateRequest> {
    return this.stream('migrations');
  }

  get closes$(): Observable<Close> {
    return this.stream('closes');
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

  /** What the policy has found out about the client: see `accept`. */
  get context(): unknown {
    return this.core.claim.context;
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
    return contained(this.core.outlet.pressure$, this.subscribersOf('pressure$'));
  }

  /** Whether a connection carries the session: now, then at each change; completes with the session. */
  get attachment$(): Observable<AttachmentState> {
    const { core } = this;
    // A subject that has completed does not say with what.
    const known$ = defer(() =>
      core.state === SessionState.Closed ? of(core.attachment.value) : core.attachment,
    );
    return contained(known$, this.subscribersOf('attachment$'));
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
   * deadline are given up; by default a deadline is only what `submit.deadline` says. Throws a `TypeError` that
   * names what is no handler or no option.
   *
   * @example
   * session.respond(async function* (submit) {
   *   for await (const token of model.stream(decoder.decode(submit.body))) yield token;
   * });
   */
  respond(handler: SubmitHandler<Submit>, options: { readonly late?: Lateness } = {}): Subscription {
    const { scheduler } = this.core.host;
    const { late } = takeRespondOptions(options);
    // What comes of these is caught below; `submits$` would cost each submit a step more.
    const all$ = new Observable<Submit>((subscriber) => {
      listen(this.core, 'submits', subscriber);
    });
    const submits$ = late === undefined ? all$ : all$.pipe(dropLate({ when: late, scheduler }));
    const responding = new SessionResponding(this.core);
    return submits$.pipe(respondToSubmits(takeHandler(handler), responding)).subscribe(this.results);
  }

  /**
   * Sends one result. Throws an `NnrpError`, `UnknownOperation`, where its operation is not with the
   * application, and one of the record's kinds where its fields are not allowed; a `RuntimeError`, `internal`,
   * where its body is larger than 15/16 of what `limits.maxUnreadBytes` has left for it.
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

  /**
   * Grants credit: how many operations the client may have in flight, in the session by default. Of an
   * operation that has ended the client hears nothing.
   */
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

  /**
   * Closes the session; resolves when it is over. By default: normal, drained without time to do it in.
   * Rejects with an `NnrpError` where a field is not allowed; the session then goes on.
   */
  close(ending: Partial<SessionEnding> = {}): Promise<void> {
    return this.core.close({ ...NORMAL_ENDING, ...takeEnding(ending) });
  }

  /** Closes the session at once, because the client may not have it any more. */
  revoke(): Promise<void> {
    return this.core.close(REVOKED_ENDING);
  }

  /** Sends a RESULT_HINT of an operation. Throws an `NnrpError` where a field is not allowed. */
  sendHint(frameId: number, fields: Partial<ResultHintMetadata>): void {
    this.core.sender.hint(frameId, ResultHintMetadata.of(fields));
  }

  /** Sends a FLOW_UPDATE. Throws an `NnrpError` where scope and fields do not fit. */
  sendFlowUpdate(update: FlowUpdateMetadata): void {
    this.core.sender.flowUpdate(update);
  }

  private stream<N extends keyof StreamedMessages>(
    name: N,
    containment: Containment = this.subscribersOf(`${name}$`),
  ): Observable<StreamedMessages[N]> {
    return new ContainedObservable((subscriber) => {
      listen(this.core, name, subscriber, containment);
    }, containment);
  }

  private subscribersOf(stream: string): SubscribersOf {
    return new SubscribersOf(`${stream} of session ${this.sessionId}`, this.core.host, 'session');
  }

  private tellCredit(
    reason: FlowUpdateReason,
    level: BackpressureLevel,
    credit: number,
    target: CreditTarget = { scope: FlowScope.Session },
  ): void {
    this.core.credit.tell(target, { reason, level, credit });
  }
}

function sendResult(core: SessionCore, result: Result): void {
  core.sender.requireRoom(result);
  core.operations.answer(result, core.sender);
}

/** Hands a subscriber what a stream brings, and starts the submits that waited for somebody to listen. */
function listen<N extends keyof StreamedMessages>(
  core: SessionCore,
  name: N,
  subscriber: Subscriber<StreamedMessages[N]>,
  containment?: Containment,
): void {
  const observer = containment === undefined ? subscriber : new Relay(subscriber, containment);
  core.streams.subscribe(name, observer, subscriber);
  core.operations.startNext();
}

/** A subscriber that throws over a submit is its handler: that costs the operation. */
class SubscribersOfSubmits extends SubscribersOf {
  constructor(private readonly core: SessionCore) {
    super(`submits$ of session ${core.sessionId}`, core.host, 'operation');
  }

  override failed(cause: unknown, submit?: unknown): void {
    super.failed(cause);
    if (submit instanceof Submit) submit.fail();
  }
}

/** Takes the results of a session. A class, as every session has one. */
class SessionResults implements Observer<Result> {
  constructor(private readonly core: SessionCore) {}

  next(result: Result): void {
    const { core } = this;
    try {
      sendResult(core, result);
    } catch (error) {
      // A cancel and a result cross: the pipeline that made the result cannot know.
      if (core.operations.hasEnded(result.frameId)) return;
      core.host.failed(resultRefused(core.sessionId, result.frameId, error));
      // Nobody else will end it, and an answer with a gap is none.
      core.operations.abandon(result.frameId);
    }
  }

  error(error: unknown): void {
    const { core } = this;
    const message = `the results of session ${core.sessionId} failed: ${describeError(error)}`;
    core.host.failed(
      new RuntimeError('internal', message, { reach: 'session', origin: 'application', cause: error }),
    );
    core.operations.endAll('dropped', { tell: true });
  }

  complete(): void {
    // The session goes on: others may answer.
  }
}

/** What a session does for its handlers. */
class SessionResponding implements RespondOptions<Submit> {
  readonly pressure$ = handlerPressure;

  constructor(private readonly core: SessionCore) {}

  onError(error: unknown, submit: Submit): void {
    this.core.host.failed(handlerFailed(this.core.sessionId, submit.frameId, error));
  }

  onAbandoned(submit: Submit): void {
    submit.fail();
  }

  onUnsettled(work: PromiseLike<unknown>, submit: Submit): void {
    submit.keepSlotUntil(work);
  }
}

function handlerPressure(submit: Submit): Observable<boolean> {
  return submit.handlerPressure$;
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
