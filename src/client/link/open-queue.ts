import { checkMetadataLength } from '../../protocol/packet-checks';
import { MessageType } from '../../wire/message-type';
import { SessionOpenAckMetadata, SessionOpenMetadata } from '../../wire/messages/session-open';
import { packet as makePacket, type Packet } from '../../wire/packet';
import { Awaited } from '../awaited';
import { unasked } from '../unasked';

/** A SESSION_OPEN with its body's blocks, and what becomes of its ack. */
export interface OpenRequest {
  readonly open: SessionOpenMetadata;
  readonly body: Uint8Array;
  /**
   * Takes the ack, before the next packet: that one may already be the session's. What it throws
   * rejects the open.
   */
  accept(answer: OpenAnswer): void;
}

/** SESSION_OPEN_ACK with its body. */
export interface OpenAnswer {
  readonly ack: SessionOpenAckMetadata;
  readonly body: Uint8Array;
}

/** The SESSION_OPENs of a link, sent one at a time, since an ack does not say which open it answers. */
export class OpenQueue {
  /** The first has been sent; the others wait for its answer. */
  private readonly opens = new Awaited<OpenRequest, void>();

  constructor(private readonly send: (packet: Packet) => void) {}

  /** Opens without their answer. */
  get size(): number {
    return this.opens.size;
  }

  /** Sends a SESSION_OPEN when its turn comes, and resolves once its ack is accepted. */
  add(request: OpenRequest): Promise<void> {
    const answer = this.opens.add(request);
    if (this.opens.size === 1) this.sendFirst();
    return answer;
  }

  /** Takes SESSION_OPEN_ACK. Throws a `RuntimeError` where nobody asked for it. */
  onAck(packet: Packet): void {
    checkMetadataLength(packet, SessionOpenAckMetadata.length, 'client');
    const ack = SessionOpenAckMetadata.decode(packet.metadata);
    const isAsked = this.opens.settle((request) => {
      request.accept({ ack, body: packet.body });
    });
    if (!isAsked) throw unasked(MessageType.SessionOpenAck);
    this.sendFirst();
  }

  /** The server has answered with something else, which rejects the open that was sent, if there is one. */
  refuse(error: Error): void {
    this.opens.settle(() => {
      throw error;
    });
    this.sendFirst();
  }

  /** There will be no answers any more. */
  rejectAll(error: unknown): void {
    this.opens.rejectAll(error);
  }

  private sendFirst(): void {
    const { first } = this.opens;
    if (first === undefined) return;
    const metadata = SessionOpenMetadata.encode(first.open);
    this.send(makePacket({ messageType: MessageType.SessionOpen }, metadata, first.body));
  }
}
