import { Subscription, type SchedulerLike } from 'rxjs';
import { validateFlowRouting } from '../../protocol/flow/flow';
import type { SessionExtension } from '../../protocol/session/session-extension';
import { SessionTable } from '../../protocol/session/session-table';
import { decodeAs } from '../../protocol/decode-as';
import {
  checkHeaderOnly,
  checkMetadataLength,
  foreignSession,
  unknownMessage,
} from '../../protocol/packet-checks';
import { pingPacket, pongPacket } from '../../protocol/ping';
import { asRuntimeError } from '../../protocol/as-runtime-error';
import { RuntimeError, unexpectedMessage } from '../../protocol/runtime-error';
import type { ConnectEndpoint } from '../../transport/endpoint';
import { LivenessWatch, type KeepAlive, type WatchedPeer } from '../../transport/keep-alive';
import { SignsOfLife } from '../../transport/signs-of-life';
import type { PeerName, Transport } from '../../transport/transport';
import type { Message, MessageOf } from '../../wire/message';
import { MessageType, messageTypeName } from '../../wire/message-type';
import type { FlowUpdateMetadata } from '../../wire/messages/flow-update';
import type { SessionOpenMetadata } from '../../wire/messages/session-open';
import { NnrpError } from '../../wire/errors';
import { HEADER_LENGTH } from '../../wire/header';
import type { Packet } from '../../wire/packet';
import { preview3 } from '../../wire/preview3';
import type { Revision } from '../../wire/revision';
import { ServerRefusalError } from '../errors';
import type { ClientSessionUsage } from '../usage';
import { ConnectionCredit } from './connection-credit';
import { LinkReading } from './link-reading';
import { OpenQueue, type OpenRequest } from './open-queue';
import { Pongs } from './pongs';

/** A session's side of a link. */
export interface LinkedSession {
  readonly sessionId: number;
  readonly usage: ClientSessionUsage;
  /** Whether the server has answered it over this link, with a result or an ack. */
  readonly wasAnswered: boolean;
  receive(packet: Packet): void;
  /** The connection's credit has changed, which its sessions share. */
  noteFlow(update: FlowUpdateMetadata): void;
  /** The link is gone. */
  linkEnded(link: ClientLink): void;
  /** The client is closed: so is the session, and its server hears of it. */
  leave(): void;
}

/** What a link tells its client. */
export interface LinkHost {
  readonly scheduler: SchedulerLike;
  readonly keepAlive: KeepAlive;
  /** Milliseconds that the server may take to answer SESSION_OPEN, Infinity for no limit. */
  readonly openTimeoutMs: number;
  violated(error: RuntimeError): void;
  errored(message: Message<typeof MessageType.Error>): void;
  ended(link: ClientLink, error: RuntimeError | undefined): void;
}

/** PINGs of a second: a server of this project takes 50 (`limits.pings`), whatever `keepAlive` asks for here. */
const MAX_PINGS = 40;

/** One transport to a server, for as long as it lasts: opens sessions, and hands packets to those it carries. */
export class ClientLink implements WatchedPeer {
  /** Bytes of header and body that the server takes in one packet; Infinity where it has not said. */
  largestPacket = Infinity;
  /** What the sessions of the link share. */
  readonly credit = new ConnectionCredit();
  private readonly sessions = new SessionTable<LinkedSession>();
  private readonly opens: OpenQueue;
  /** Stopped where who consumes what the server sends cannot keep up. */
  readonly reading: LinkReading;
  private readonly pongs: Pongs;
  private readonly watching = new Subscription();
  private over = false;
  private readonly life: SignsOfLife;
  /** Whether the server is one that answers PING. */
  private announced = false;
  private pings = 0;
  /** How many of them in the present second of the link's life. */
  private pinged = { second: 0, count: 0 };
  private answered = false;
  private readonly since: number;
  /** What its server speaks. */
  readonly revision: Revision = preview3;

  constructor(
    readonly transport: Transport,
    /** Where the transport leads, to connect there again. */
    readonly endpoint: ConnectEndpoint,
    private readonly host: LinkHost,
  ) {
    this.life = new SignsOfLife(transport, host.scheduler);
    this.since = host.scheduler.now();
    this.reading = new LinkReading(transport, host.scheduler, () => {
      this.ping();
    });
    this.pongs = new Pongs({
      transport,
      scheduler: host.scheduler,
      reading: this.reading,
      send: (number) => {
        this.send(pongPacket(number));
      },
      unread: (count, ms) => {
        this.fail(unread(transport.peer, count, ms));
      },
    });
    this.opens = new OpenQueue({
      scheduler: host.scheduler,
      timeoutMs: host.openTimeoutMs,
      send: (packet) => {
        this.send(packet);
      },
      unanswered: (open) => {
        // Nor may the link be used for others: an answer that is late and the next open's own look alike, and
        // a session would go to whoever did not ask for it.
        this.fail(unanswered(transport.peer, open, host.openTimeoutMs));
      },
    });
    this.watching.add(this.reading);
    this.watching.add(() => {
      this.pongs.end();
    });
    this.watching.add(new LivenessWatch(this, host.keepAlive, host.scheduler));
    const packets = transport.packets$.subscribe({
      next: (packet) => {
        this.receive(packet);
      },
      error: (error: unknown) => {
        this.end(asRuntimeError(error));
      },
      complete: () => {
        this.end(undefined);
      },
    });
    // A transport may have ended already: then this has, too.
    this.watching.add(packets);
  }

  signs(): SignsOfLife {
    return this.life.look({ isRead: !this.reading.isPaused });
  }

  /** The server has said that it is one that answers PING, and perhaps what it takes. */
  announce({ largestPacket = Infinity }: SessionExtension): void {
    this.announced = true;
    this.largestPacket = largestPacket;
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Whether one of its sessions was answered over it, with a result or an ack. */
  get wasAnswered(): boolean {
    return this.answered;
  }

  /** For how many milliseconds there has been the link. */
  get ageMs(): number {
    return this.host.scheduler.now() - this.since;
  }

  get sessionCount(): number {
    return this.sessions.size;
  }

  /** The sessions whose packets go over this link. */
  get carried(): readonly LinkedSession[] {
    return this.sessions.all();
  }

  /** Whether the link carries a session of this id. */
  hasId(sessionId: number): boolean {
    return this.sessions.has(sessionId);
  }

  carries(session: LinkedSession): boolean {
    return this.sessions.get(session.sessionId) === session;
  }

  /** SESSION_OPENs without their ack. */
  get opensAwaited(): number {
    return this.opens.size;
  }

  /**
   * Sends a packet. Throws an `NnrpError`, `MessageLengthOverflow`, where it is larger than the server takes: the
   * link would die of it.
   */
  send(packet: Packet): void {
    const declared = HEADER_LENGTH + packet.body.length;
    if (declared > this.largestPacket) {
      throw new NnrpError({ kind: 'MessageLengthOverflow', declared, limit: this.largestPacket });
    }
    this.transport.send(packet);
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
    if (this.sessions.get(session.sessionId) !== session) return false;
    this.answered ||= session.wasAnswered;
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

  /** Ends every session, because the client does. */
  endSessions(): void {
    for (const session of this.sessions.all()) session.leave();
  }

  /** Ends the transport in good order. */
  async close(): Promise<void> {
    await this.transport.close();
    this.end(undefined);
  }

  /** Ends the transport at once. */
  destroy(): void {
    this.transport.destroy();
    this.end(undefined);
  }

  private receive(packet: Packet): void {
    this.life.packet();
    try {
      const { messageType, sessionId } = packet.header;
      if (this.revision.messages[messageType] === undefined) throw unknownMessage(messageType);
      if (messageType === MessageType.SessionOpenAck) this.opens.onAck(packet);
      else if (sessionId === 0) this.onConnectionScope(packet);
      else this.onSessionScope(packet, sessionId);
    } catch (error) {
      this.host.violated(asRuntimeError(error));
    }
  }

  private onSessionScope(packet: Packet, sessionId: number): void {
    const session = this.sessions.get(sessionId);
    if (session !== undefined) session.receive(packet);
    else if (!this.sessions.hasLeft(sessionId)) throw foreignSession(packet.header.messageType, 'client');
  }

  private onConnectionScope(packet: Packet): void {
    switch (packet.header.messageType) {
      case MessageType.FlowUpdate:
        this.onConnectionFlow(decodeAs(packet, MessageType.FlowUpdate, 'client', this.revision));
        return;
      case MessageType.Error:
        this.onError(decodeAs(packet, MessageType.Error, 'client', this.revision));
        return;
      case MessageType.Ping:
        checkHeaderOnly(packet, 'client');
        this.pongs.answer(packet.header.frameId);
        return;
      case MessageType.Pong:
        checkHeaderOnly(packet, 'client');
        return;
      case MessageType.Close:
        checkMetadataLength(packet, 0, 'client');
        void this.close();
        return;
      default:
        throw unexpectedMessage(`client received unexpected ${messageTypeName(packet.header.messageType)}`);
    }
  }

  private onConnectionFlow(update: MessageOf<typeof MessageType.FlowUpdate>): void {
    validateFlowRouting(update.header, update.metadata);
    this.credit.apply(update.metadata, this.host.scheduler.now());
    for (const session of this.sessions.all()) session.noteFlow(update.metadata);
  }

  private onError(message: MessageOf<typeof MessageType.Error>): void {
    this.host.errored(message);
    // Of connection scope, an open is all that it can be the answer to.
    const { metadata, body } = message;
    this.opens.refuse(new ServerRefusalError(metadata.errorCode, new TextDecoder().decode(body)));
  }

  /** Asks for a sign of life: below the protocol where the transport can, else with PING. */
  ask(): boolean {
    return this.life.probe() || this.ping();
  }

  gone(): void {
    this.fail(silent(this.transport.peer, this.host.scheduler.now() - this.life.lastHeard));
  }

  /** Whether the server is one that can be asked so, and so often. */
  private ping(): boolean {
    if (!this.announced) return false;
    const second = Math.floor(this.ageMs / 1000);
    if (this.pinged.second !== second) this.pinged = { second, count: 0 };
    if (this.pinged.count === MAX_PINGS) return false;
    this.pinged.count += 1;
    this.pings += 1;
    this.send(pingPacket(this.pings));
    return true;
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
    this.opens.rejectAll(error ?? linkOver(this.transport.peer));
    this.answered ||= this.sessions.all().some(({ wasAnswered }) => wasAnswered);
    for (const session of this.sessions.all()) session.linkEnded(this);
    this.sessions.clear();
    this.host.ended(this, error);
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

function unread(peer: PeerName, count: number, ms: number): RuntimeError {
  return new RuntimeError(
    'io',
    `the server at ${peer} sends PING without an end and has read none of ${count} answers for ${ms} ms, which ends the connection`,
    { reach: 'connection', origin: 'peer' },
  );
}

function unanswered(peer: PeerName, { requestedSessionId }: SessionOpenMetadata, ms: number): RuntimeError {
  const what = requestedSessionId === 0 ? 'a session' : `session ${requestedSessionId}`;
  return new RuntimeError(
    'io',
    `the server at ${peer} has not answered SESSION_OPEN for ${what} within ${ms} ms, which ends the connection; connect again, or allow it more time with openTimeoutMs`,
    { reach: 'connection', origin: 'peer' },
  );
}
