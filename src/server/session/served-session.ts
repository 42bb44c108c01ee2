import { Observable, Subscription, tap, type Observer, type Subscriber } from 'rxjs';
import { coalesceText } from '../../../operators/application/coalesce-text';
import { dropLate } from '../../../operators/application/drop-late';
import { respondToSubmits, type SubmitHandler } from '../../../operators/application/respond-to-submits';
import { CancelScope } from '../../protocol/operation/operation';
import type { Capabilities } from '../../protocol/capability/capabilities';
import type { SessionObjects } from '../../objects/shared-object';
import type { Operation } from '../../protocol/operation/operation-entry';
import type { Result } from '../../protocol/operation/result';
import type { TraceContext } from '../../protocol/operation/trace-context';
import { takeFields } from '../../protocol/options/take-fields';
import { describeError, RuntimeError, type ErrorReach } from '../../protocol/runtime-error';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import type { SessionState } from '../../protocol/session/session-lifecycle';
import type { PeerIdentity } from '../../transport/peer-identity';
import type { PeerName, TransportKind } from '../../transport/transport';
import type { Message } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import {
  BackpressureLevel,
  FlowScope,
  FlowUpdateReason,
  FlowUpdateMetadata,
} from '../../wire/messages/flow-update';
import { ResultHintMetadata } from '../../wire/messages/result-hint';
import type { SessionOpenAckMetadata, SessionOpenMetadata } from '../../wire/messages/session-open';
import { showAsJson } from '../../wire/show-as-json';
import { contained, ContainedObservable, Relay, type Containment } from '../contained';
import { SubscribersOf } from '../subscribers';
import { continuing } from '../log/continuing';
import { closeSession } from './messages/close';
import { isPreview4Known } from './objects-port';
import type { MigrateRequest, PatchRequest, SessionMessage, Submit } from './session-message';
import { makeRoomAway } from './results/away-room';
import { resultRefused } from './results/result-refused';
import { operationOf, takeResult } from './results/take-result';
import type { ServerSession } from './session';
import type { SessionCore } from './session-core';
import { SessionResponding } from './session-responding';
import type { StreamedMessages } from './session-streams';
import { takeEnding, takeHandler, takeRespondOptions, type AnsweringOptions } from '../option-rules';
import { takeCancelScope, takeCredit, takeCreditTarget, takeFrameId, takeTrace } from './argument-rules';
import { NORMAL_ENDING, REVOKED_ENDING, type CreditTarget, type SessionEnding } from './session-terms';
import { ReceivedSubmit } from './submits/submit';

/** The streams of a session, one object each, made for whoever asks first. */
type Views = { -readonly [N in keyof ServerSession as Extract<N, `${string}$`>]?: ServerSession[N] };

/** A session, as its application holds it. */
export class ServedSession extends ContainedObservable<SessionMessage> implements ServerSession {
  readonly results: Observer<Result>;
  private made: Views | undefined;
  /** What `respond` has returned last. */
  private responding = Subscription.EMPTY;

  constructor(private readonly core: SessionCore) {
    const subscribers = new SubscribersOfSession(core);
    super((subscriber) => {
      listen(core, 'messages', subscriber, subscribers);
    }, subscribers);
    this.results = new SessionResults(core);
  }

  get submits$(): Observable<Submit> {
    return (this.views.submits$ ??= this.stream('submits', new SubscribersOfSubmits(this.core)));
  }

  get cancels$(): Observable<Message<typeof MessageType.FrameCancel>> {
    return (this.views.cancels$ ??= this.stream('cancels'));
  }

  get patches$(): Observable<PatchRequest> {
    return (this.views.patches$ ??= this.stream('patches'));
  }

  get migrations$(): Observable<MigrateRequest> {
    return (this.views.migrations$ ??= this.stream('migrations'));
  }

  get closes$(): Observable<Message<typeof MessageType.SessionClose>> {
    return (this.views.closes$ ??= this.stream('closes'));
  }

  get sessionId(): number {
    return this.core.sessionId;
  }

  get state(): SessionState {
    return this.core.state;
  }

  get open(): SessionOpenMetadata {
    return this.core.open;
  }

  get granted(): SessionOpenAckMetadata {
    return this.core.granted;
  }

  get context(): unknown {
    return this.core.claim.context;
  }

  get auth(): Uint8Array {
    return this.core.claim.shown.auth;
  }

  get identity(): PeerIdentity | undefined {
    return this.core.claim.shown.identity;
  }

  get peer(): PeerName {
    return this.core.outlet.peer;
  }

  get transport(): TransportKind {
    return this.core.outlet.kind;
  }

  get lastOperationId(): number {
    return this.core.operations.lastOperationId;
  }

  get pressure$(): Observable<boolean> {
    return (this.views.pressure$ ??= contained(this.core.outlet.pressure$, this.subscribersOf('pressure$')));
  }

  get state$(): Observable<SessionConnectivity> {
    return (this.views.state$ ??= contained(this.core.connectivity.state$, this.subscribersOf('state$')));
  }

  get attachment$(): Observable<SessionConnectivity> {
    return this.state$;
  }

  get operations(): readonly Operation[] {
    return this.core.operations.all();
  }

  get cacheObjectCount(): number {
    return this.core.madeStores?.cacheObjectCount ?? 0;
  }

  get capabilities(): Capabilities | undefined {
    return this.core.sender.agreed;
  }

  get objects(): SessionObjects {
    return this.core.stores.objects;
  }

  respond(handler: SubmitHandler<Submit>, options: AnsweringOptions = {}): Subscription {
    const { scheduler } = this.core.server;
    const { late, coalesce, continueWith, overBudget } = takeRespondOptions(options);
    const answer = continuing(this.core, takeHandler(handler), continueWith);
    if (!this.responding.closed) throw alreadyResponding(this.sessionId);
    // What comes of these is caught below; `submits$` would cost each submit a step more.
    const all$ = new Observable<Submit>((subscriber) => {
      listen(this.core, 'submits', subscriber);
    });
    const minded$ = overBudget === 'continue' ? all$.pipe(tap(mindsBudget)) : all$;
    const submits$ = late === undefined ? minded$ : minded$.pipe(dropLate({ when: late, scheduler }));
    const responding = new SessionResponding(this.core);
    const results$ = submits$.pipe(respondToSubmits(answer, responding));
    if (coalesce !== true) return (this.responding = results$.subscribe(this.results));
    const largestBody = (): number => this.core.outlet.gatheredBody;
    const coalesced$ = results$.pipe(coalesceText({ largestBody, scheduler }));
    return (this.responding = coalesced$.subscribe(this.results));
  }

  sendResult(result: Result): void {
    sendResult(this.core, takeResult(result));
  }

  cancel(frameId: number, scope: CancelScope = CancelScope.Operation): number[] {
    const { operations } = this.core;
    return operations
      .cancel(takeFrameId(frameId), takeCancelScope(scope), 'application')
      .map((submit) => submit.frameId);
  }

  grant(credit: number, target?: CreditTarget): void {
    this.tellCredit(FlowUpdateReason.Grant, BackpressureLevel.None, credit, target);
  }

  pause(target?: CreditTarget): void {
    this.tellCredit(FlowUpdateReason.Pause, BackpressureLevel.Hard, 0, target);
  }

  unpause(credit: number = this.granted.grantedOperationCredit, target?: CreditTarget): void {
    this.tellCredit(FlowUpdateReason.Resume, BackpressureLevel.None, credit, target);
  }

  close(ending: Partial<SessionEnding> = {}): Promise<void> {
    return closeSession(this.core, { ...NORMAL_ENDING, ...takeEnding(ending) });
  }

  revoke(): Promise<void> {
    return closeSession(this.core, REVOKED_ENDING);
  }

  sendHint(frameId: number, fields: Partial<ResultHintMetadata>): void {
    const hint = ResultHintMetadata.of(takeFields('session.sendHint', fields, ResultHintMetadata));
    this.core.sender.hint(takeFrameId(frameId), hint);
  }

  sendTrace(trace: TraceContext, frameId = 0): void {
    const [told, of] = [takeTrace(trace), takeFrameId(frameId)];
    const { core } = this;
    // Where it has ended, its client knows of it no more.
    if (isPreview4Known(core) && (of === 0 || core.operations.running(of) !== undefined))
      core.sender.trace(of, told);
  }

  sendFlowUpdate(update: FlowUpdateMetadata): void {
    // As it is: all of its fields are required.
    const whole = takeFields('session.sendFlowUpdate', update, FlowUpdateMetadata) as FlowUpdateMetadata;
    this.core.sender.flowUpdate(whole);
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): Pick<ServerSession, 'sessionId' | 'state' | 'peer' | 'transport' | 'operations'> {
    const { sessionId, state, peer, transport, operations } = this;
    return { sessionId, state, peer, transport, operations };
  }

  /** None of an idle session is asked for. */
  private get views(): Views {
    return (this.made ??= {});
  }

  private stream<N extends keyof StreamedMessages>(
    name: N,
    containment: Containment = this.subscribersOf(`${name}$`),
  ): Observable<StreamedMessages[N]> {
    return new ContainedObservable((subscriber) => {
      listen(this.core, name, subscriber, containment);
    }, containment);
  }

  private subscribersOf(stream: string): Containment {
    return new SubscribersOfSession(this.core, stream);
  }

  private tellCredit(
    reason: FlowUpdateReason,
    level: BackpressureLevel,
    credit: number,
    target: CreditTarget = { scope: FlowScope.Session },
  ): void {
    this.core.credit.tell(takeCreditTarget(target), { reason, level, credit: takeCredit(credit) });
  }
}

showAsJson('ServerSession', ServedSession);

/** Two handlers would answer each submit twice. */
function alreadyResponding(sessionId: number): RuntimeError {
  return new RuntimeError(
    'internal',
    `session ${sessionId} has a handler already: unsubscribe from what its \`respond\` has returned before another is given, or choose by submit in one handler`,
    { reach: 'session', origin: 'application' },
  );
}

function sendResult(core: SessionCore, result: Result): void {
  core.sender.requireRoom(result);
  if (core.outlet.current === undefined && result.type === 'push') makeRoomAway(core, result);
  core.operations.answer(result);
}

/** Hands a subscriber what a stream brings, and starts the submits that waited for somebody to listen. */
function listen<N extends keyof StreamedMessages>(
  core: SessionCore,
  name: N,
  subscriber: Subscriber<StreamedMessages[N]>,
  containment?: Containment,
): void {
  const observer = containment === undefined ? subscriber : new Relay(subscriber, containment);
  if (name === 'submits' || name === 'messages') core.lost?.served({ continues: false });
  core.streams.subscribe(name, observer, subscriber);
  core.operations.startNext();
}

/** Tells of the subscribers of a session, or of one of its streams, that fail; says whose only then. */
class SubscribersOfSession implements Containment {
  constructor(
    private readonly core: SessionCore,
    private readonly stream?: string,
    private readonly reach: ErrorReach = 'session',
  ) {}

  failed(cause: unknown): void {
    const { sessionId, server } = this.core;
    const session = `session ${sessionId}`;
    const whose = this.stream === undefined ? session : `${this.stream} of ${session}`;
    new SubscribersOf(whose, server.reports.failures, this.reach).failed(cause);
  }
}

/** A subscriber that throws over a submit is its handler: that costs the operation. */
class SubscribersOfSubmits extends SubscribersOfSession {
  constructor(core: SessionCore) {
    super(core, 'submits$', 'operation');
  }

  override failed(cause: unknown, submit?: unknown): void {
    super.failed(cause);
    if (submit instanceof ReceivedSubmit) submit.fail();
  }
}

/** Its handler sees itself to what its client allows it. */
function mindsBudget(submit: Submit): void {
  if (submit instanceof ReceivedSubmit) submit.isBound = false;
}

/** Takes the results of a session. A class, as every session has one. */
class SessionResults implements Observer<Result> {
  constructor(private readonly core: SessionCore) {}

  next(result: Result): void {
    const { core } = this;
    try {
      sendResult(core, takeResult(result));
    } catch (error) {
      const frameId = operationOf(result);
      // A cancel and a result cross: the pipeline that made the result cannot know.
      if (frameId !== undefined && core.operations.hasEnded(frameId)) return;
      core.server.reports.failures.next(resultRefused(core.sessionId, frameId, error));
      // Nobody else will end it, and an answer with a gap is none.
      if (frameId !== undefined) core.operations.abandon(frameId);
    }
  }

  error(error: unknown): void {
    const { core } = this;
    const message = `the results of session ${core.sessionId} failed: ${describeError(error)}`;
    core.server.reports.failures.next(
      new RuntimeError('internal', message, { reach: 'session', origin: 'application', cause: error }),
    );
    core.operations.endAll('dropped', { tell: true });
  }

  complete(): void {
    // The session goes on: others may answer.
  }
}
