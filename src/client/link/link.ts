import { merge, Subject, Subscription, tap, type Observable } from 'rxjs';
import { judgePackets } from '../../../operators/judge-packets';
import { splitBySession } from '../../../operators/split-by-session';
import { asRuntimeError } from '../../protocol/as-runtime-error';
import { validateFlowRouting } from '../../protocol/flow/flow';
import { unexpectedType, unhandled } from '../../protocol/packet-checks';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import type { SessionExtension } from '../../protocol/session/session-extension';
import type { LastWord } from '../../protocol/suspect';
import { SessionTable } from '../../protocol/session/session-table';
import type { ConnectEndpoint } from '../../transport/endpoint';
import { LivenessWatch, type WatchedPeer } from '../../transport/liveness/keep-alive';
import { SignsOfLife } from '../../transport/liveness/signs-of-life';
import type { PeerName, Transport } from '../../transport/transport';
import { decodeMessage, type Message, type MessageOf, type TypeFrom } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import type { Packet } from '../../wire/packet';
import type { Revision } from '../../wire/revision';
import { readUtf8 } from '../../wire/bytes/utf8';
import { ServerRefusalError } from '../errors';
import type { ClientSettings } from '../options';
import { Answers } from './answers';
import { ConnectionCredit } from './connection-credit';
import { LinkOutlet } from './link-outlet';
import { Greeting } from './greeting';
import { forgetPreview3, rememberPreview3 } from './known-servers';
import { LinkReading } from './link-reading';
import { OpenQueue, type OpenRequest } from './open-queue';
import { Pongs, type Asked } from './ping';
import { speechOfAck, UNASKED, UNMARKED } from './speech';

/** A session, as its link has it. */
export interface LinkedSession {
  readonly sessionId: number;
  /** Takes a packet of the session, or FLOW_UPDATE of the connection, whose credit its sessions share. */
  receive(packet: Packet): void;
  /** A packet of the session was at fault, and is dropped. */
  noteFaulty(packet: Packet): void;
}

/** What a server says of the connection. */
type ConnectionMessage = MessageOf<TypeFrom<'server', 'connection' | 'opening' | 'any'>>;

/** What concerns no session of a link. */
export type LinkEvent =
  | { readonly kind: 'violation'; readonly error: RuntimeError }
  /** Of this side. */
  | { readonly kind: 'failure'; readonly error: RuntimeError }
  | { readonly kind: 'error'; readonly message: Message<typeof MessageType.Error> }
  /** With an error where it has failed. */
  | { readonly kind: 'ended'; readonly error: RuntimeError | undefined };

/** One transport to a server, for as long as it lasts: opens sessions, and hands packets to those it carries. */
export class ClientLink implements WatchedPeer {
  /** What its server speaks. */
  speech = UNASKED;
  /**
   * Why it is not asked what its server speaks: that has not answered a hello over the link before (then there is no
   * other revision to try), or is known from then.
   */
  preview3: 'tried' | 'known' | undefined;
  readonly events$: Observable<LinkEvent>;
  /** What the sessions of the link share. */
  readonly credit = new ConnectionCredit();
  /** Stopped where who consumes what the server sends cannot keep up. */
  readonly reading: LinkReading;
  /** What the server gets for the asking. */
  readonly answers: Answers;
  /** Whether the server has answered a session over it, with a result or an ack. */
  wasAnswered = false;
  /** ERROR of the connection, fatal: why its server ends it. */
  lastWord: LastWord | undefined;
  private readonly events = new Subject<LinkEvent>();
  private readonly sessions = new SessionTable<LinkedSession>();
  readonly outlet: LinkOutlet;
  private readonly opens: OpenQueue;
  private readonly pongs: Pongs;
  private readonly greeting: Greeting;
  private readonly watching = new Subscription();
  private readonly life: SignsOfLife;
  private over = false;
  /** Whether a SESSION_OPEN was answered. */
  private wasOpened = false;

  constructor(
    readonly transport: Transport,
    /** Where the transport leads, to connect there again. */
    readonly endpoint: ConnectEndpoint,
    private readonly settings: ClientSettings,
  ) {
    const { scheduler, keepAlive } = settings;
    this.events$ = this.events.asObservable();
    this.life = new SignsOfLife(transport, scheduler);
    this.outlet = new LinkOutlet(transport, scheduler);
    this.reading = new LinkReading(this.outlet, scheduler);
    this.answers = new Answers(this.outlet, this.reading, scheduler);
    this.pongs = new Pongs(this.answers);
    this.opens = new OpenQueue(this.outlet, settings);
    this.greeting = new Greeting(this.outlet, scheduler);
    this.watching.add(this.reading);
    this.watching.add(this.answers);
    this.watching.add(new LivenessWatch(this, keepAlive, scheduler));
    this.watching.add(
      merge(this.answers.unread$, this.opens.overdue$).subscribe({
        error: (error: unknown) => {
          this.fail(asRuntimeError(error));
        },
      }),
    );
    const packets = this.judged(transport.packets$).subscribe({
      next: (packet) => {
        this.receive(packet);
      },
      error: (error: unknown) => {
        this.end(asRuntimeError(error));
      },
      complete: () => {
        // Later ends are for other reasons.
        if (!this.wasOpened && this.settings.revision === 'preview3')
          this.opens.rejectAll(maybePreview4(transport.peer));
        this.end(undefined);
      },
    });
    // A transport may have ended already: then this has, too.
    this.watching.add(packets);
  }

  /**
   * Asks the server whether it speaks preview4. Rejects where it does not answer within 2 s, or the link ends first.
   */
  greet(): Promise<void> {
    return this.over ? Promise.reject(linkOver(this.transport.peer)) : this.greeting.say();
  }

  /** Whether a server that has answered the hello, and has not told who it is, may turn out to speak preview3. */
  get mayFallBack(): boolean {
    return this.speech === UNMARKED && this.settings.revision === 'auto';
  }

  /** The server has shown to speak preview3: the link goes on in it. False where it was asked for another revision. */
  fallBack(): boolean {
    if (this.mayFallBack) {
      this.speech = UNASKED;
      rememberPreview3(this.endpoint, this.settings.scheduler.now());
    }
    return this.speech === UNASKED;
  }

  get isOver(): boolean {
    return this.over;
  }

  get sessionCount(): number {
    return this.sessions.size;
  }

  /** SESSION_OPENs without their ack. */
  get opensAwaited(): number {
    return this.opens.size;
  }

  /** Whether the link carries a session of this id. */
  hasId(sessionId: number): boolean {
    return this.sessions.has(sessionId);
  }

  carries(session: LinkedSession): boolean {
    return this.sessions.get(session.sessionId) === session;
  }

  /** The server has told what it understands. */
  announce(extension: SessionExtension): void {
    this.outlet.announce(extension);
  }

  /**
   * Sends a packet. Throws an `NnrpError`, `MessageLengthOverflow`, where it is larger than the server takes: the
   * link would die of it.
   */
  send(packet: Packet): void {
    this.outlet.send(packet);
  }

  /** Sends a SESSION_OPEN and resolves once its ack is accepted; rejects where the link ends first. */
  open(request: OpenRequest): Promise<void> {
    if (this.over) return Promise.reject(linkOver(this.transport.peer));
    return this.opens.add(request);
  }

  adopt(session: LinkedSession): void {
    this.sessions.add(session);
  }

  /** The session's packets are not its own any more; false where it was not here. */
  release(session: LinkedSession): boolean {
    if (!this.carries(session)) return false;
    this.sessions.release(session.sessionId);
    return true;
  }

  /**
   * A session leaves for another link: what still comes for it here is not received, so no PONG may say
   * that it is. To be called again, as returned, once the server has heard of it.
   */
  withholdPongs(): () => void {
    return this.pongs.withhold();
  }

  /** Answers a PING of one of its sessions. */
  answerPing(ping: Asked): void {
    this.pongs.answer(ping);
  }

  /** Ends the transport in good order. */
  async close(): Promise<void> {
    await this.transport.close();
    this.end(undefined);
  }

  /** Ends the transport at once. */
  destroy(): void {
    this.end(undefined);
    this.transport.destroy();
  }

  signs(): SignsOfLife {
    return this.life.look({ isRead: !this.reading.isPaused });
  }

  /** Asks for a sign of life: below the protocol where the transport can, else with PING. */
  ask(): boolean {
    return this.life.probe() || this.outlet.ping();
  }

  gone(): void {
    this.fail(silent(this.transport.peer, this.settings.scheduler.now() - this.life.lastHeard));
  }

  /** What concerns the connection; sessions have theirs by then. */
  private judged(packets$: Observable<Packet>): Observable<Packet> {
    const { sessions } = this;
    const revision = (): Revision => this.speech.revision;
    const onViolation = (error: RuntimeError): void => {
      this.events.next({ kind: 'violation', error });
    };
    return packets$.pipe(
      tap(() => {
        this.life.packet();
      }),
      judgePackets({
        role: 'client',
        revision,
        onViolation: (error, packet) => {
          sessions.get(packet.header.sessionId)?.noteFaulty(packet);
          onViolation(error);
        },
      }),
      splitBySession(
        sessions,
        (session, packet) => {
          session.receive(packet);
        },
        { role: 'client', revision, isLate: ({ header }) => sessions.hasLeft(header.sessionId), onViolation },
      ),
    );
  }

  /** Something is wrong here, which the application should know. */
  report(error: RuntimeError): void {
    this.events.next({ kind: 'failure', error });
  }

  private receive(packet: Packet): void {
    try {
      this.onConnectionScope(packet);
    } catch (error) {
      this.events.next({ kind: 'violation', error: asRuntimeError(error) });
    }
  }

  private onConnectionScope(packet: Packet): void {
    const message = decodeMessage(packet, this.speech.revision) as ConnectionMessage;
    switch (message.messageType) {
      case MessageType.SessionOpenAck:
        this.opened();
        this.opens.onAck(message);
        return;
      case MessageType.FlowUpdate:
        validateFlowRouting(message.header, message.metadata);
        this.credit.apply(message.metadata, this.settings.scheduler.now());
        for (const session of this.sessions.all()) session.receive(packet);
        return;
      case MessageType.Error:
        this.onError(message);
        return;
      case MessageType.Ping:
        this.pongs.answer(message);
        return;
      case MessageType.Pong:
        this.outlet.ponged(message.frameId);
        return;
      case MessageType.Close:
        void this.close();
        return;
      case MessageType.ServerHelloAck:
        this.onHelloAck(message);
        return;
      case MessageType.TransportProbeAck:
        // A client does not ask for it.
        throw unexpectedType(message.messageType, 'client');
      default:
        unhandled(message['messageType'], 'client');
    }
  }

  /** The server has answered a SESSION_OPEN: it speaks preview3, where it was not asked. */
  private opened(): void {
    if (!this.wasOpened && this.preview3 === 'tried')
      rememberPreview3(this.endpoint, this.settings.scheduler.now());
    this.wasOpened = true;
  }

  private onHelloAck(ack: MessageOf<typeof MessageType.ServerHelloAck>): void {
    if (!this.greeting.isAwaited) throw unexpectedType(ack.messageType, 'client');
    this.greeting.answered(ack.metadata);
    this.speech = speechOfAck(ack);
  }

  private onError(message: MessageOf<typeof MessageType.Error>): void {
    this.events.next({ kind: 'error', message });
    // Of connection scope, a hello or an open is all that it can be the answer to.
    const { errorCode, isFatal } = message.metadata;
    const text = readUtf8(message.body);
    if (isFatal) this.lastWord = { errorCode, text };
    const refusal = new ServerRefusalError(errorCode, text);
    if (this.greeting.isAwaited) this.greeting.end(refusal);
    else this.opens.refuse(refusal);
  }

  /** Ends the transport at once, because of something that its server does or lets be. */
  private fail(error: RuntimeError): void {
    // Before the transport says that it was ended from here, which is no failure.
    this.end(error);
    this.transport.destroy();
  }

  private end(error: RuntimeError | undefined): void {
    if (this.over) return;
    this.over = true;
    this.watching.unsubscribe();
    this.credit.end();
    const { peer } = this.transport;
    const isUnanswered = !this.wasOpened && this.opens.size > 0;
    if (isUnanswered && this.preview3 === 'known') forgetPreview3(this.endpoint);
    const isSilent = isUnanswered && this.preview3 === 'tried';
    const reason = isSilent ? neitherRevision(peer, error) : (error ?? linkOver(peer));
    this.greeting.end(reason);
    this.opens.rejectAll(reason);
    this.events.next({ kind: 'ended', error });
    this.events.complete();
    this.sessions.clear();
  }
}

export function linkOver(peer: PeerName): RuntimeError {
  return new RuntimeError('io', `the connection to ${peer} has ended; connect again`, {
    reach: 'connection',
    origin: 'local',
  });
}

function silent(peer: PeerName, ms: number): RuntimeError {
  return new RuntimeError('io', `the connection to ${peer} has gone silent: no sign of life for ${ms} ms`, {
    reach: 'connection',
    origin: 'peer',
  });
}

/** A server has ended the connection in the place of an answer to what preview3 begins with. */
function maybePreview4(peer: PeerName): RuntimeError {
  return new RuntimeError(
    'io',
    `the server at ${peer} has ended the connection at its first SESSION_OPEN: it may speak preview4 alone; connect with revision 'auto', or again`,
    { reach: 'connection', origin: 'peer' },
  );
}

/** A server has answered in no revision that there is; `cause` is how the connection in the last of them ended. */
export function neitherRevision(peer: PeerName, cause: unknown): RuntimeError {
  const end = cause === undefined ? '' : `, which ended: ${describeError(cause)}`;
  return new RuntimeError(
    'io',
    `the server at ${peer} speaks neither preview4 nor preview3: it has answered neither CLIENT_HELLO nor, over another connection, SESSION_OPEN${end}`,
    { reach: 'connection', origin: 'peer', cause },
  );
}
