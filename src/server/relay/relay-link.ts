import { Observable } from 'rxjs';
import { isOfLink, linkPacket, LinkType, readRecord, withRecord } from '../../cluster/link/link-message';
import type { LinkUser, NodeLink } from '../../cluster/link/node-link';
import { encodePacket } from '../../wire/encode-packet';
import { decodePacket, type Packet } from '../../wire/packet';
import type { OpenedRecord, RemoteClient } from './records';
import type { RelayedSession } from './relayed-session';

/** What the owner of a session has answered. */
export interface RemoteAnswer extends OpenedRecord {
  /** The number of the attempt. */
  readonly attempt: number;
  readonly ack: Packet;
}

/** The link to a node that has sessions of clients that came here. */
export class RelayLink implements LinkUser {
  private readonly sessions = new Map<number, RelayedSession>();
  private readonly opens = new Map<number, (answer: RemoteAnswer | undefined) => void>();
  private lastOpen = 0;
  private isOver = false;

  constructor(
    readonly link: NodeLink,
    private readonly over: () => void,
  ) {}

  /** Asks the owner; emits its answer, undefined where the link is lost before that. */
  open(client: RemoteClient, packet: Packet): Observable<RemoteAnswer | undefined> {
    return new Observable((subscriber) => {
      const frameId = (this.lastOpen = (this.lastOpen + 1) >>> 0);
      this.opens.set(frameId, (answer) => {
        this.opens.delete(frameId);
        subscriber.next(answer);
        subscriber.complete();
      });
      if (this.isOver) this.opens.get(frameId)?.(undefined);
      else this.link.send(linkPacket(LinkType.Open, { frameId }, withRecord(client, encodePacket(packet))));
      return () => {
        if (this.opens.delete(frameId)) this.link.send(linkPacket(LinkType.Forget, { frameId }));
      };
    });
  }

  /** A connection has the session from now on. */
  begin(session: RelayedSession, { attempt }: RemoteAnswer): void {
    const { sessionId, sentBytes: count } = session;
    this.sessions.get(sessionId)?.superseded();
    this.sessions.set(sessionId, session);
    this.link.send(linkPacket(LinkType.Begin, { sessionId, frameId: attempt, count }));
  }

  left(session: RelayedSession): void {
    if (this.sessions.get(session.sessionId) === session) this.sessions.delete(session.sessionId);
  }

  receive(packet: Packet): void {
    const { sessionId, messageType, frameId } = packet.header;
    if (!isOfLink(packet)) {
      this.sessions.get(sessionId)?.deliver(packet);
      return;
    }
    if ((messageType as number) !== LinkType.Opened) {
      this.sessions.get(sessionId)?.onLinkMessage(packet);
      return;
    }
    const { record, bytes } = readRecord<OpenedRecord>(packet.body);
    const open = this.opens.get(frameId);
    if (open !== undefined) open({ ...record, attempt: frameId, ack: decodePacket(bytes) });
    // Whoever asked is gone; the session goes on waiting for its client.
    else if (record.isResumed) this.link.send(linkPacket(LinkType.Begin, { sessionId, frameId }));
    if (open === undefined && record.isResumed) this.link.send(linkPacket(LinkType.Lost, { sessionId }));
  }

  ended(): void {
    this.isOver = true;
    this.over();
    for (const open of [...this.opens.values()]) open(undefined);
    for (const session of [...this.sessions.values()]) session.linkLost();
  }
}
