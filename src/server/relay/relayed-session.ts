import type { SchedulerLike, Subscription } from 'rxjs';
import { countOf, linkPacket, LinkType } from '../../cluster/link/link-message';
import type { NodeLink } from '../../cluster/link/node-link';
import { onEach } from '../../transport/on-each';
import { sentBytes } from '../../transport/outgoing/sent-bytes';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { Transport } from '../../transport/transport';
import { packetLength } from '../../wire/encode-packet';
import { decodePacket, type Packet } from '../../wire/packet';
import { preview4 } from '../../wire/preview4';
import type { Revision } from '../../wire/revision';
import type { PauseReason } from '../limits/reading-pause';
import { TOLLS, type RelayedToll, type RemoteClient } from './records';

/** Bytes that a client's connection has taken, and its owner has not been told of: it is told of so many at a time. */
const REPORT_BYTES = 64 * 1024;

/** Milliseconds between two looks at whether the client has taken what waits. */
const LOOK_MS = 20;

/** The connection of a client whose session is at another node. */
export interface RelayingConnection {
  readonly transport: Transport;
  /** What its owner's node is told of the client. */
  readonly client: RemoteClient;
  /** Sends an answer that the client has provoked: while too many of them wait, it is not read. */
  answer(packet: Packet): void;
  /** Asks the client to prove what it has received; once at a time. */
  requestProof(): void;
  /** A packet of the session has cost it so much. */
  pay(kind: RelayedToll, count: number, sessionId: number): void;
  hold(reason: PauseReason): void;
  release(reason: PauseReason): void;
  released(session: { readonly sessionId: number }): void;
  /** Ends the connection: its client is to come back. */
  destroy(): void;
  /** The same for the sake of a session that is idle, unless it costs another, or what the client is to read yet. */
  giveUp(session: { readonly sessionId: number }): void;
}

/** A session of another node, as the connection of its client carries it. */
export class RelayedSession {
  readonly isRelayed = true;
  /** Whether it has left for good, its own node knows. */
  readonly comesBackHere = true;
  /** Whether the client takes the session up by itself where its connection is lost. */
  comesBack = false;
  /** Whether its node has said that nothing of it is in flight, nor will be. */
  isIdle = false;
  /** Results that the client was sent before it is next asked what it has received. */
  sentResults = 0;
  private forwarded = 0;
  private reported = 0;
  private look: Subscription | undefined;
  private readonly pressure: Subscription;
  private isOver = false;

  constructor(
    readonly sessionId: number,
    private readonly connection: RelayingConnection,
    private readonly link: NodeLink,
    private readonly scheduler: SchedulerLike,
    /** It is carried no more. */
    private readonly left: (session: RelayedSession) => void,
  ) {
    this.pressure = onEach(link.pressure$, (isHigh) => {
      if (isHigh) connection.hold(`link of ${sessionId}`);
      else connection.release(`link of ${sessionId}`);
    });
  }

  /** Bytes that the client's connection was sent, of whatever session. */
  get sentBytes(): number {
    return sentBytes(this.connection.transport);
  }

  /** A packet of the client's. */
  receive(packet: Packet): void {
    this.link.send(packet);
  }

  /** The client's connection is gone. */
  connectionLost(): void {
    this.leave(LinkType.Lost);
  }

  /** The client has closed its connection. */
  end(): void {
    this.leave(LinkType.Ended);
  }

  revised(revision: Revision): void {
    this.say(LinkType.Revised, { viewId: revision === preview4 ? 4 : 3 });
  }

  /** The client has received so many of the results. */
  proved(count: number): void {
    this.say(LinkType.Proved, { count });
    // What the owner has asked for meanwhile waits for the next answer.
    if (count < this.sentResults) this.connection.requestProof();
  }

  /** A packet for the client: what is said to it, or an answer to what it has asked. */
  deliver(packet: Packet, isAnswer = false): void {
    const { connection } = this;
    this.forwarded += packetLength(packet);
    if (isAnswer) connection.answer(packet);
    else connection.transport.send(packet);
    if (this.forwarded - this.reported >= REPORT_BYTES) this.report();
  }

  /** What the owner says of the session. */
  onLinkMessage(packet: Packet): void {
    const { messageType, viewId, frameId } = packet.header;
    const { connection, sessionId } = this;
    switch (messageType as number as LinkType) {
      case LinkType.Released:
        this.over();
        connection.released(this);
        return;
      case LinkType.Cut:
        if (viewId === 1) {
          this.isIdle = true;
          connection.giveUp(this);
          return;
        }
        this.over();
        connection.destroy();
        return;
      case LinkType.AskProof:
        this.sentResults = countOf(packet);
        connection.requestProof();
        return;
      case LinkType.Toll:
        connection.pay(TOLLS[viewId] ?? 'refused', frameId, sessionId);
        return;
      case LinkType.Pause:
        connection.hold(`session ${sessionId}`);
        return;
      case LinkType.Resume:
        connection.release(`session ${sessionId}`);
        return;
      case LinkType.ToConnection:
        this.deliver(decodePacket(packet.body), viewId === 1);
        return;
      default:
        throw new Error(`a node said ${messageType}, which a relay is not told`);
    }
  }

  /** The link is gone, and with it what the client was told. */
  linkLost(): void {
    this.over();
    this.connection.destroy();
  }

  /** Another connection of this node carries the session now. */
  superseded(): void {
    this.over();
    this.connection.released(this);
  }

  private leave(how: LinkType): void {
    if (this.isOver) return;
    this.say(how);
    this.over();
  }

  private over(): void {
    const { connection, sessionId } = this;
    this.isOver = true;
    this.pressure.unsubscribe();
    this.look?.unsubscribe();
    // Others are read on: nobody would say so any more.
    connection.release(`link of ${sessionId}`);
    connection.release(`session ${sessionId}`);
    this.left(this);
  }

  private say(type: LinkType, fields: { readonly count?: number; readonly viewId?: number } = {}): void {
    if (!this.isOver) this.link.send(linkPacket(type, { ...fields, sessionId: this.sessionId }));
  }

  /** Tells the owner what the client's connection has taken, now and until that is nearly all. */
  private report(): void {
    const taken = this.forwarded - this.connection.transport.queuedBytes;
    if (taken > this.reported) {
      this.reported = taken;
      this.say(LinkType.Taken, { count: taken });
    }
    if (this.forwarded - this.reported < REPORT_BYTES || this.isOver) return;
    if (this.look?.closed === false) return;
    this.look = scheduleIn(this.scheduler, LOOK_MS, () => {
      this.look = undefined;
      this.report();
    });
  }
}
