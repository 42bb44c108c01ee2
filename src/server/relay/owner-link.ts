import type { Subscription } from 'rxjs';
import {
  countOf,
  isOfLink,
  linkPacket,
  LinkType,
  readRecord,
  withRecord,
} from '../../cluster/link/link-message';
import type { LinkUser, NodeLink } from '../../cluster/link/node-link';
import { onEach } from '../../transport/on-each';
import { encodePacket } from '../../wire/encode-packet';
import { REVISIONS } from '../../wire/message';
import { SessionOpenMetadata } from '../../wire/messages/session-open';
import { decodePacket, type Packet } from '../../wire/packet';
import { readOpening, type Opening } from '../opening/opening';
import type { OpenAnswer, SessionOpener } from '../opening/session-opener';
import type { ServerContext } from '../server-context';
import type { SessionCore } from '../session/session-core';
import type { OpenedRecord, RemoteClient } from './records';
import { RemoteConnection } from './remote-connection';

/** A session that a client of another node has here. */
interface Carried {
  readonly core: SessionCore;
  readonly connection: RemoteConnection;
  /** The number of the attempt that it was taken up by. */
  readonly attempt: number;
}

/**
 * What comes over a link from a node that relays: opens, and packets of the sessions that are here. A session that
 * is taken up by another connection of the same node gets nothing of the one before from the answer on.
 */
export class OwnerLink implements LinkUser {
  private readonly carried = new Map<number, Carried>();
  private readonly deciding = new Map<number, Subscription>();

  constructor(
    private readonly link: NodeLink,
    private readonly server: ServerContext,
    private readonly opener: SessionOpener,
  ) {}

  receive(packet: Packet, now: number): void {
    const { sessionId } = packet.header;
    if (isOfLink(packet)) {
      this.onLinkMessage(packet, now);
      return;
    }
    const carried = this.carried.get(sessionId);
    if (carried !== undefined && this.isCurrent(carried))
      carried.connection.receive(carried.core, packet, now);
  }

  ended(): void {
    for (const deciding of this.deciding.values()) deciding.unsubscribe();
    for (const carried of this.carried.values()) {
      // It is the nodes that have lost each other.
      const { core, connection } = carried;
      if (core.outlet.current === connection) core.outlet.spare();
      this.lost(carried);
    }
    this.carried.clear();
  }

  private onLinkMessage(packet: Packet, now: number): void {
    const { sessionId, frameId, messageType, viewId } = packet.header;
    const type = messageType as number as LinkType;
    if (type === LinkType.Open) {
      this.open(packet);
      return;
    }
    if (type === LinkType.Forget) {
      this.deciding.get(frameId)?.unsubscribe();
      this.deciding.delete(frameId);
      return;
    }
    const carried = this.carried.get(sessionId);
    if (carried === undefined) return;
    const { core, connection, attempt } = carried;
    if (type === LinkType.Begin) {
      // What is said of an attempt that nobody waited for any more is not about one that came after it.
      if (frameId === attempt) connection.begin(countOf(packet));
      return;
    }
    // Of a connection that carried the session before, like all that comes until then.
    if (!this.isCurrent(carried)) return;
    switch (type) {
      case LinkType.Lost:
        this.carried.delete(sessionId);
        this.lost(carried);
        return;
      case LinkType.Ended:
        core.end('closed', 'closed');
        return;
      case LinkType.Proved:
        connection.proved(core, countOf(packet), now);
        return;
      case LinkType.Taken:
        connection.transport.took(countOf(packet));
        return;
      case LinkType.Revised:
        connection.revised(core, viewId === 4 ? 'preview4' : 'preview3');
        return;
      default:
        throw new Error(`a node said ${type}, which an owner is not told`);
    }
  }

  private isCurrent({ core, connection }: Carried): boolean {
    return connection.hasBegun && core.outlet.current === connection;
  }

  private open({ header: { frameId }, body }: Packet): void {
    const { record, bytes } = readRecord<RemoteClient>(body);
    const packet = decodePacket(bytes);
    const open = SessionOpenMetadata.decode(packet.metadata);
    const { requestedSessionId } = open;
    const connection = new RemoteConnection(this.link, requestedSessionId, record, this.server, this.left);
    const opening = readOpening(open, packet.body, connection);
    if (opening.extension !== undefined) {
      connection.isAnnounced = true;
      connection.largestPacket = opening.extension.largestPacket ?? Infinity;
    }
    // Room at the client's connection is for the node that has it to find.
    const deciding = onEach(this.opener.judgeOwned(opening), (answer) => {
      this.deciding.delete(frameId);
      this.answer(frameId, answer, opening, connection);
    });
    if (!deciding.closed) this.deciding.set(frameId, deciding);
  }

  private answer(frameId: number, answer: OpenAnswer, opening: Opening, connection: RemoteConnection): void {
    const revision = REVISIONS.preview4 === connection.revision ? 'preview4' : 'preview3';
    const said: OpenedRecord = {
      isResumed: answer.kind === 'resumed',
      isAccepted: answer.isAccepted,
      isGuess: answer.kind === 'refused' && answer.guess !== undefined,
      revision,
      isCertain: answer.kind === 'resumed' && answer.core.operations.lastOperationId > 0,
    };
    const body = withRecord(said, encodePacket(answer.ack));
    const { sessionId } = connection;
    this.link.send(linkPacket(LinkType.Opened, { sessionId, frameId }, body));
    if (answer.kind !== 'resumed') {
      connection.end();
      return;
    }
    connection.core = answer.core;
    this.carried.set(sessionId, { core: answer.core, connection, attempt: frameId });
    this.opener.begin(answer, opening);
  }

  /** A session is over, or had by another connection: nothing more of it comes from this one. */
  private readonly left = (connection: RemoteConnection): void => {
    const { sessionId } = connection;
    if (this.carried.get(sessionId)?.connection === connection) this.carried.delete(sessionId);
  };

  private lost({ core, connection }: Carried): void {
    connection.end();
    core.connectionLost(connection);
  }
}
