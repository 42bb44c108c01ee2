import { Subject, type Observable, type Subscription } from 'rxjs';
import { RuntimeError } from '../../protocol/runtime-error';
import { scheduleAwake } from '../../transport/time/awake';
import type { MessageOf } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import type { SessionOpenAckMetadata, SessionOpenMetadata } from '../../wire/messages/session-open';
import type { Packet } from '../../wire/packet';
import type { PeerName } from '../../transport/transport';
import { reasonOf } from '../abort';
import { AwaitedAcks } from '../awaited-acks';
import type { ClientSettings } from '../options';
import type { LinkOutlet } from './link-outlet';

/** A SESSION_OPEN, ready to be sent, and what becomes of its ack. */
export interface OpenRequest {
  readonly open: SessionOpenMetadata;
  readonly packet: Packet;
  /** One that has aborted before its turn comes is not sent. */
  readonly signal?: AbortSignal | undefined;
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
  /** Errors where the server has not answered one in time. */
  readonly overdue$: Observable<never>;
  private readonly overdue = new Subject<never>();
  /** The first has been sent; the others wait for its answer. */
  private readonly opens = new AwaitedAcks<OpenRequest, void>(
    MessageType.SessionOpen,
    MessageType.SessionOpenAck,
  );
  /** The first one's time to be answered in. */
  private timer: Subscription | undefined;

  constructor(
    private readonly outlet: LinkOutlet,
    private readonly settings: Pick<ClientSettings, 'scheduler' | 'openTimeoutMs'>,
  ) {
    this.overdue$ = this.overdue.asObservable();
  }

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
  onAck({ metadata: ack, body }: MessageOf<typeof MessageType.SessionOpenAck>): void {
    this.opens.settle((request) => {
      request.accept({ ack, body });
    });
    this.sendFirst();
  }

  /** The server has answered with something else, which rejects the open that was sent, if there is one. */
  refuse(error: unknown): void {
    this.opens.rejectFirst(error);
    this.sendFirst();
  }

  /** There will be no answers any more. */
  rejectAll(error: unknown): void {
    this.timer?.unsubscribe();
    this.opens.rejectAll(error);
  }

  private sendFirst(): void {
    this.timer?.unsubscribe();
    const { first } = this.opens;
    if (first === undefined) return;
    if (first.signal?.aborted === true) {
      this.refuse(reasonOf(first.signal));
      return;
    }
    const { scheduler, openTimeoutMs } = this.settings;
    this.timer = scheduleAwake(scheduler, openTimeoutMs, () => {
      // Nor may the link be used for others: an answer that is late and the next open's own look alike, and
      // a session would go to whoever did not ask for it.
      this.overdue.error(unanswered(this.outlet.transport.peer, first.open, openTimeoutMs));
    });
    try {
      this.outlet.send(first.packet);
    } catch (error) {
      // The server has said meanwhile that it takes none so large.
      this.refuse(error);
    }
  }
}

function unanswered(peer: PeerName, { requestedSessionId }: SessionOpenMetadata, ms: number): RuntimeError {
  const what = requestedSessionId === 0 ? 'a session' : `session ${requestedSessionId}`;
  return new RuntimeError(
    'io',
    `the server at ${peer} has not answered SESSION_OPEN for ${what} within ${ms} ms, which ends the connection; connect again, or allow it more time with openTimeoutMs`,
    { reach: 'connection', origin: 'peer' },
  );
}
