import { NEVER } from 'rxjs';
import type { NodeLink } from '../../cluster/link/node-link';
import { linkPacket, LinkType } from '../../cluster/link/link-message';
import type { PeerIdentity } from '../../transport/peer-identity';
import { SendPressure } from '../../transport/outgoing/send-pressure';
import type { Transport } from '../../transport/transport';
import { encodePacket, packetLength } from '../../wire/encode-packet';
import { HEADER_LENGTH } from '../../wire/header';
import type { Packet } from '../../wire/packet';
import { TemplatePacket } from '../../wire/packet-template';
import { TextPacket } from '../../wire/text-packet';
import type { RemotePeer } from './records';

/** A client's connection at another node, as its session has it: what it sends goes over the link. */
export class RelayedTransport implements Transport {
  readonly kind: string;
  readonly peer: string;
  readonly identity: PeerIdentity | undefined;
  readonly largestPacket: number;
  /** The session's packets come over the link. */
  readonly packets$ = NEVER;
  /** What the client has said of the session: that is none of what the link brings of others. */
  reads = 0;
  private readonly pressure = new SendPressure();
  private sentBytes = 0;
  private taken = 0;
  private isOver = false;

  constructor(
    private readonly link: NodeLink,
    private readonly sessionId: number,
    { kind, peer, identity, largestPacket = Infinity }: RemotePeer,
    maxUnreadBytes: number,
  ) {
    this.pressure.fit(maxUnreadBytes);
    this.kind = kind;
    this.peer = peer;
    this.identity = identity;
    // An answer goes in the body of another packet.
    this.largestPacket = Math.min(largestPacket, link.largestPacket - HEADER_LENGTH);
  }

  get pressure$(): Transport['pressure$'] {
    return this.pressure.pressure$;
  }

  /** Bytes that the client's connection has not taken yet, as far as its node has told. */
  get queuedBytes(): number {
    return this.isOver ? 0 : this.sentBytes - this.taken;
  }

  get takenBytes(): number {
    return this.taken;
  }

  send(packet: Packet): void {
    if (this.isOver) return;
    this.sentBytes += packetLength(packet);
    this.link.send(this.isOfSession(packet) ? packet : this.toConnection(packet, 0));
    this.pressure.update(this.queuedBytes);
  }

  /** Sends what the client has provoked: its connection is not read while too much of that waits. */
  answer(packet: Packet): void {
    if (this.isOver) return;
    this.sentBytes += packetLength(packet);
    this.link.send(this.toConnection(packet, 1));
    this.pressure.update(this.queuedBytes);
  }

  /** The client's connection has taken so many bytes of the session. */
  took(bytes: number): void {
    this.taken = Math.min(this.sentBytes, Math.max(this.taken, bytes));
    this.pressure.update(this.queuedBytes);
  }

  pause(): void {
    this.say(LinkType.Pause);
  }

  resume(): void {
    this.say(LinkType.Resume);
  }

  close(): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }

  destroy(): void {
    this.say(LinkType.Cut);
    this.over();
  }

  /** Ends the client's connection unless that costs another session: its node says so where it has. */
  giveUp(): void {
    this.say(LinkType.Cut, 1);
  }

  /** The session has left, or the connection is gone. */
  over(): void {
    this.isOver = true;
    this.pressure.complete();
  }

  private say(type: LinkType, viewId = 0): void {
    if (!this.isOver) this.link.send(linkPacket(type, { sessionId: this.sessionId, viewId }));
  }

  /** Asked of results in the way that costs nothing: they are of a session. */
  private isOfSession(packet: Packet): boolean {
    if (packet instanceof TextPacket || packet instanceof TemplatePacket) return true;
    return packet.header.sessionId !== 0;
  }

  private toConnection(packet: Packet, viewId: 0 | 1): Packet {
    return linkPacket(LinkType.ToConnection, { sessionId: this.sessionId, viewId }, encodePacket(packet));
  }
}
