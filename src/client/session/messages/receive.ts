import { Subject } from 'rxjs';
import { checkDeclaredBody } from '../../../protocol/declared-body';
import type { ToldTrace } from '../../../protocol/operation/trace-context';
import { unexpectedType, unhandled } from '../../../protocol/packet-checks';
import { traceContextOf } from '../../../protocol/revision/trace-context';
import { decodeMessage, type Message, type MessageOf, type TypeFrom } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { ErrorScope } from '../../../wire/messages/error-message';
import { SessionErrorCode } from '../../../wire/messages/session-open';
import type { Packet } from '../../../wire/packet';
import { preview3 } from '../../../wire/preview3';
import type { Revision } from '../../../wire/revision';
import { readUtf8 } from '../../../wire/bytes/utf8';
import type { AwaitedAcks, Patience } from '../../awaited-acks';
import { ServerRefusalError } from '../../errors';
import { requireSent } from '../../submissions/require-sent';
import type { Submissions } from '../../submissions/submissions';
import { CachePuts } from './cache';
import { Negotiations } from './capabilities';
import type { ClosingHandshake } from './close';
import { FlowUpdates } from './flow-update';
import { Migrations } from './migrate';
import { Patches } from './patch';
import { Pressures } from './pressure';
import { Results } from './results';
import type { SessionCarrier } from '../session-carrier';
import type { MessageListener } from '../session-port';

/** What a server says in a session, but for results. */
type SessionMessage = MessageOf<
  | Exclude<TypeFrom<'server', 'session' | 'operation' | 'any'>, typeof MessageType.ResultPush>
  // Of a session in preview4.
  | typeof MessageType.Ping
  | typeof MessageType.CachePut
>;

/** Those of one kind. */
type Requests = Pick<AwaitedAcks<unknown, unknown>, 'size' | 'firstTurn' | 'rejectFirst' | 'rejectAll'>;

/** The messages of a session, each with its handler, in the file of its name. */
export class SessionMessages {
  readonly results: Results;
  readonly flow: FlowUpdates;
  readonly hints = new Subject<Message<typeof MessageType.ResultHint>>();
  readonly traces = new Subject<ToldTrace>();
  /** The server wants newer auth, and keeps the session for whoever shows it. */
  readonly authRunOut = new Subject<void>();
  readonly patches: Patches;
  readonly migrations: Migrations;
  readonly cachePuts: CachePuts;
  readonly negotiations: Negotiations;
  readonly others: MessageListener[] = [];
  private readonly pressures: Pressures;

  constructor(
    private readonly closing: ClosingHandshake,
    private readonly submissions: Submissions,
    private readonly carrier: SessionCarrier,
    patience: Patience,
  ) {
    this.results = new Results(submissions, carrier);
    this.flow = new FlowUpdates(submissions, carrier);
    this.pressures = new Pressures(submissions, () => submissions.settings.scheduler.now());
    this.patches = new Patches(carrier, patience);
    this.migrations = new Migrations(carrier, patience);
    this.cachePuts = new CachePuts(carrier, patience);
    this.negotiations = new Negotiations(carrier, submissions, patience);
  }

  /** Requests without their ack. */
  get awaited(): number {
    return this.requests.reduce((sum, { size }) => sum + size, 0);
  }

  /** Takes a packet that was judged. Throws an `NnrpError` or a `RuntimeError` that says what is wrong. */
  receive(packet: Packet): void {
    // Nearly all are results: those need no message made of them.
    if (packet.header.messageType === MessageType.ResultPush) this.results.onPush(packet);
    else if (packet.header.messageType === MessageType.PartialResult) this.results.onPart(packet);
    else if (preview3.messages[packet.header.messageType] === undefined) this.onNewMessage(packet);
    else this.onMessage(decodeMessage(packet, this.revision) as SessionMessage);
  }

  /** A packet was at fault, and is dropped. */
  noteFaulty({ header }: Packet): void {
    // The server counts it among those that it has sent.
    if (this.revision.messages[header.messageType]?.counted === 'counted') this.results.counted();
  }

  /** Another session of the server's begins in the place of one that it has no more. */
  begin(): void {
    this.results.begin();
    this.negotiations.begin();
  }

  /** There will be no acks of what was asked so far. */
  rejectRequests(error: unknown): void {
    for (const requests of this.requests) requests.rejectAll(error);
  }

  /** The session is over. */
  end(error: unknown): void {
    this.rejectRequests(error);
    this.flow.received.complete();
    this.hints.complete();
    this.cachePuts.misses.complete();
    this.traces.complete();
    this.authRunOut.complete();
  }

  private get revision(): Revision {
    return this.carrier.speech.revision;
  }

  private get requests(): readonly Requests[] {
    return [this.patches, this.migrations, this.cachePuts, this.negotiations];
  }

  /** It asks for newer auth, or answers a submit, or a request: as acks do, the first that has no answer. */
  private onError(message: MessageOf<typeof MessageType.Error>): void {
    const { errorScope, relatedFrameId, errorCode } = message.metadata;
    if (errorScope !== ErrorScope.Session || relatedFrameId !== 0) {
      this.results.onError(message);
      return;
    }
    if (errorCode === SessionErrorCode.AuthFailed) {
      this.authRunOut.next();
      return;
    }
    const oldest = this.requests.reduce((a, b) => (b.firstTurn < a.firstTurn ? b : a));
    oldest.rejectFirst(new ServerRefusalError(errorCode, readUtf8(message.body)));
    this.carrier.noteAnswer();
  }

  /** Where the server has its work for an operation, or with frame 0 for the session. */
  private onTrace(message: MessageOf<typeof MessageType.TraceContext>): void {
    const { frameId } = message.header;
    if (frameId !== 0) requireSent(this.submissions, message.header);
    this.traces.next({ frameId, ...traceContextOf(message) });
  }

  /** What only preview4 has. Of what a server says of its work beside results, a client has no need. */
  private onNewMessage(packet: Packet): void {
    const message = decodeMessage(packet, this.revision);
    checkDeclaredBody(message, this.revision);
    switch (message.messageType) {
      case MessageType.ResultDropReason:
        this.results.onDropReason(message);
        return;
      case MessageType.Progress:
        this.results.onProgress(message);
        return;
      case MessageType.CreditUpdate:
      case MessageType.Backpressure:
        this.pressures.onPressure(message);
        return;
      case MessageType.RetryAfter:
        this.pressures.onRetryAfter(message);
        return;
      case MessageType.ErrorRecoverable:
        this.pressures.onRecoverable(message);
        return;
      case MessageType.CapabilityNegotiation:
        this.negotiations.onCapabilities(message);
        return;
      case MessageType.DegradeProfile:
        this.negotiations.onDegrade(message);
        return;
      case MessageType.CacheReference:
        this.cachePuts.onReference(message);
        return;
      case MessageType.CacheMiss:
        this.cachePuts.misses.next(message);
        return;
      case MessageType.TraceContext:
        this.onTrace(message);
        return;
      default:
        for (const other of this.others) other(message);
    }
  }

  private onMessage(message: SessionMessage): void {
    switch (message.messageType) {
      case MessageType.ResultDrop:
        this.results.onDrop(message);
        return;
      case MessageType.Error:
        this.onError(message);
        return;
      case MessageType.FlowUpdate:
        this.flow.onUpdate(message);
        return;
      case MessageType.ResultHint:
        this.hints.next(message);
        return;
      case MessageType.SessionPatchAck:
        this.patches.onAck(message);
        return;
      case MessageType.CacheAck:
        this.cachePuts.onAck(message);
        return;
      case MessageType.SessionMigrateAck:
        this.migrations.onAck(message);
        return;
      case MessageType.SessionCloseAck:
        this.closing.onAck(message);
        return;
      case MessageType.SessionClose:
        this.closing.onClose(message);
        return;
      case MessageType.Ping:
        this.carrier.answerPing(message.frameId);
        return;
      case MessageType.CachePut:
        this.cachePuts.onPut(message as Message<typeof MessageType.CachePut, 'preview4'>);
        return;
      case MessageType.CacheInvalidate:
        // The objects are the client's own.
        throw unexpectedType(message.messageType, 'client');
      default:
        unhandled(message['messageType'], 'client');
    }
  }
}
