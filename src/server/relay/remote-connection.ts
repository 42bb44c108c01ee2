import { CreditEpoch } from '../../protocol/flow/credit-epoch';
import { asRuntimeError } from '../../protocol/as-runtime-error';
import type { NodeLink } from '../../cluster/link/node-link';
import { linkPacket, LinkType } from '../../cluster/link/link-message';
import { REVISIONS, type RevisionName } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import type { Packet } from '../../wire/packet';
import type { Revision } from '../../wire/revision';
import { refusal } from '../connection/connection-answers';
import { isRefusal } from '../connection/connection-faults';
import { ReadingPause } from '../limits/reading-pause';
import { SlotPool } from '../limits/slot-pool';
import type { ServerContext } from '../server-context';
import { receive } from '../session/messages/receive';
import type { Attachment } from '../session/results/attachment';
import type { SessionCore } from '../session/session-core';
import { TOLLS, type RelayedToll, type RemoteClient } from './records';
import { RelayedTransport } from './relayed-transport';
import { SessionReceipts } from './session-receipts';

/** A connection that another node has, as the one session that it carries here knows it. */
export class RemoteConnection implements Attachment {
  readonly isRelayed = true;
  readonly proof: SessionReceipts;
  readonly transport: RelayedTransport;
  readonly creditEpoch = new CreditEpoch();
  readonly slots: SlotPool;
  isAnnounced = false;
  largestPacket = Infinity;
  /** The session, once it is taken up here. */
  core: SessionCore | undefined;
  /** Whether the relaying node gives the session what this connection brings, and nothing of one before it. */
  hasBegun = false;
  /** Bytes that the client's connection was sent before, as that node has told. */
  sentBefore = 0;
  private speaks: RevisionName;
  private isProofDue = false;
  private readonly pause: ReadingPause;

  constructor(
    private readonly link: NodeLink,
    readonly sessionId: number,
    private readonly client: RemoteClient,
    private readonly server: ServerContext,
    /** The session has left. */
    private readonly left: (connection: RemoteConnection) => void,
  ) {
    const { limits } = server.settings;
    this.transport = new RelayedTransport(link, sessionId, client, limits.maxUnreadBytes);
    this.proof = new SessionReceipts(this.transport, sessionId);
    this.slots = new SlotPool(limits.maxInFlightPerConnection, this.transport, server.reports);
    this.pause = new ReadingPause(this.transport, server.scheduler);
    this.speaks = client.revision;
  }

  get revision(): Revision {
    return REVISIONS[this.speaks];
  }

  get isReference(): boolean {
    return this.client.isReference;
  }

  takesUp(revision: Revision): boolean {
    const name = this.client.revisions.find((each) => REVISIONS[each] === revision);
    this.speaks = name ?? this.speaks;
    return name !== undefined;
  }

  answer(packet: Packet): void {
    this.transport.answer(packet);
  }

  requestProof(): void {
    if (this.isProofDue) return;
    this.isProofDue = true;
    this.ask();
  }

  released(core: { readonly sessionId: number }): void {
    this.link.send(linkPacket(LinkType.Released, { sessionId: core.sessionId }));
    this.end();
    this.left(this);
  }

  /** The client has the answer, behind so many bytes of others. */
  begin(sentBefore: number): void {
    this.hasBegun = true;
    this.sentBefore = sentBefore;
  }

  /** The node that has the connection knows what else it carries. */
  giveUp(): void {
    this.transport.giveUp();
  }

  /** The client speaks another revision than was thought. */
  revised(core: SessionCore, revision: RevisionName): void {
    this.speaks = revision;
    core.revised(this.revision);
  }

  /** Hands the session a packet, and tells what that costs the client's connection. */
  receive(core: SessionCore, packet: Packet, now: number): void {
    this.transport.reads += 1;
    const { messageType, frameId } = packet.header;
    if (messageType === MessageType.Pong && this.proof.answered(frameId)) return core.heard(now);
    try {
      const toll = receive(core, packet, now);
      if (toll === undefined) return;
      if (toll.kind === 'queued') this.server.queued.meet(this.pause);
      else this.charge(toll.kind, 'count' in toll ? toll.count : 1);
    } catch (error) {
      const fault = asRuntimeError(error);
      const { failures, violations } = this.server.reports;
      if (fault.kind === 'internal') failures.next(fault);
      else violations.next({ error: fault, peer: this.transport.peer, header: packet.header });
      this.charge(isRefusal(fault) ? 'refused' : 'violation', 1);
      this.answer(refusal(packet.header, fault, { isFatal: false }));
    }
  }

  /** The client has received so many results. */
  proved(core: SessionCore, count: number, now: number): void {
    this.transport.reads += 1;
    this.isProofDue = false;
    core.proved(count, now);
  }

  /** The session has left, or the connection is gone. */
  end(): void {
    this.transport.over();
    this.pause.unsubscribe();
    this.server.queued.forget(this.pause);
  }

  private ask(): void {
    const { sessionId, core } = this;
    if (core === undefined) return;
    this.link.send(linkPacket(LinkType.AskProof, { sessionId, count: core.sentResults }));
  }

  private charge(kind: RelayedToll, count: number): void {
    const { sessionId } = this;
    this.link.send(linkPacket(LinkType.Toll, { sessionId, viewId: TOLLS.indexOf(kind), frameId: count }));
  }
}
