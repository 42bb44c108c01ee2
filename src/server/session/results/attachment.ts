import type { ObjectsConnection } from '../../../objects/objects-port';
import type { CreditEpoch } from '../../../protocol/flow/credit-epoch';
import type { Transport } from '../../../transport/transport';
import type { Packet } from '../../../wire/packet';
import type { Revision } from '../../../wire/revision';
import type { SlotPool } from '../../limits/slot-pool';

/** The connection that carries a session at present. */
export interface Attachment {
  readonly transport: Transport;
  /** What its peer speaks. */
  readonly revision: Revision;
  /** Whether the peer may be of the reference, and knows no extension block of this project. */
  readonly isReference: boolean;
  /** Whether another node of the cluster has it. */
  readonly isRelayed: boolean;
  /** Whether the peer is a client of this project: it answers PING and counts results. */
  readonly isAnnounced: boolean;
  /** Bytes of header and body that the peer takes in one packet; Infinity where it has not said. */
  readonly largestPacket: number;
  /** Bytes that the peer was sent before, where the transport is one of several and counts its own. */
  readonly sentBefore?: number;
  /** Of FLOW_UPDATEs of connection scope. */
  readonly creditEpoch: CreditEpoch;
  /** Of operations of all sessions that it carries. */
  readonly slots: SlotPool;
  /** Sends an answer that the peer has provoked: while too many of them wait, it is not read. */
  answer(packet: Packet): void;
  /** Whether the peer may have a session that is of this revision, by guess or as its operations have shown. */
  takesUp(revision: Revision, certainty: { readonly isCertain: boolean }): boolean;
  /** Asks the peer to prove what it has received; once at a time. */
  requestProof(): void;
  /** By which one that is announced is asked whether it has received something. */
  readonly proof: Pick<ObjectsConnection, 'receipt'>;
  /** The session has left this connection. */
  released(core: { readonly sessionId: number }): void;
  /** Ends the connection, whose peer is silent, unless that would cost another session, or what the peer is to read yet. */
  giveUp(core: { readonly sessionId: number }): void;
}
