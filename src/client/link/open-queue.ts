import type { SchedulerLike, Subscription } from 'rxjs';
import { checkMetadataLength } from '../../protocol/packet-checks';
import { scheduleAwake } from '../../transport/time/awake';
import { MessageType } from '../../wire/message-type';
import { SessionOpenAckMetadata, SessionOpenMetadata } from '../../wire/messages/session-open';
import { packet as makePacket, type Packet } from '../../wire/packet';
import { Awaited } from '../awaited';
import { unasked } from '../unasked';

/** A SESSION_OPEN, ready to be sent, and what becomes of its ack. */
export interface OpenRequest {
  readonly open: SessionOpenMetadata;
  readonly packet: Packet;
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

/** What the opens of a link need of it. */
export interface OpenQueueHost {
  readonly scheduler: SchedulerLike;
  /** Milliseconds that the server may take to answer an open that was sent, Infinity for no limit. */
  readonly timeoutMs: number;
  /** Throws where the server takes none so large. */
  send(packet: Packet): void;
  /** The server has not answered this one in time. */
  unanswered(open: SessionOpenMetadata): void;
}

/** The SESSION_OPENs of a link, sent one at a time, since an ack does not say which open it answers. */
export class OpenQueue {
  /** The first has been sent; the others wait for its answer. */
  private readonly opens = new Awaited<OpenRequest, void>();
  /** The first one's time to be answered in. */
  private timer: Subscription | undefined;

  constructor(private readonly host: OpenQueueHost) {}

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
    this.settleFirst(error);
  }

  /** There will be no answers any more. */
  rejectAll(error: unknown): void {
    this.timer?.unsubscribe();
    this.opens.rejectAll(error);
  }

  private settleFirst(error: unknown): void {
    this.opens.settle(() => {
      throw error;
    });
    this.sendFirst();
  }

  private sendFirst(): void {
    this.timer?.unsubscribe();
    const { first } = this.opens;
    if (first === undefined) return;
    const { scheduler, timeoutMs } = this.host;
    this.timer = scheduleAwake(scheduler, timeoutMs, () => {
      this.host.unanswered(first.open);
    });
    try {
      this.host.send(first.packet);
    } catch (error) {
      // The server has said meanwhile that it takes none so large.
      this.settleFirst(error);
    }
  }
}

/**
 * A SESSION_OPEN with its body, to wait for its turn. Throws an `NnrpError` where a field has no such value:
 * nothing that cannot be sent comes to stand before the opens of others.
 */
export function openRequest(
  open: SessionOpenMetadata,
  body: Uint8Array,
  accept: OpenRequest['accept'],
): OpenRequest {
  const metadata = SessionOpenMetadata.encode(open);
  return { open, packet: makePacket({ messageType: MessageType.SessionOpen }, metadata, body), accept };
}
