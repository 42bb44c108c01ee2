import type { SchedulerLike, Subscription } from 'rxjs';
import { bitmapOf } from '../../protocol/capability/bitmap';
import { checkHelloAck } from '../../protocol/capability/capability';
import { marked } from '../../protocol/revision/mark';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import { scheduleAwake } from '../../transport/time/awake';
import { VERSION_MAJOR, WIRE_FORMAT } from '../../wire/header';
import { MessageType } from '../../wire/message-type';
import { ClientHelloMetadata, type ServerHelloAckMetadata } from '../../wire/messages/hello';
import { PAYLOAD_KINDS, Profile } from '../../wire/messages/payload-kind';
import { packet, type Packet } from '../../wire/packet';
import type { LinkOutlet } from './link-outlet';

/** Milliseconds that a server may take to answer a hello. */
const ANSWER_MS = 2000;

/** What a client that speaks preview4 says first: servers that do not know it end the connection, or say nothing. */
export class Greeting {
  private waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  private timer: Subscription | undefined;

  constructor(
    private readonly outlet: LinkOutlet,
    private readonly scheduler: SchedulerLike,
  ) {}

  /** Says hello. Resolves once that is answered; rejects where it is not within 2 s, or the link ends first. */
  say(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.timer = scheduleAwake(this.scheduler, ANSWER_MS, () => {
        this.end(unanswered(this.outlet.transport.peer));
      });
      this.outlet.send(hello());
    });
  }

  /** Whether the server has not answered yet. */
  get isAwaited(): boolean {
    return this.waiting !== undefined;
  }

  /** The answer has come. Throws an `NnrpError` where it has what was not offered, and fails the hello. */
  answered(ack: ServerHelloAckMetadata): void {
    const { waiting } = this;
    this.done();
    try {
      checkHelloAck(OFFER, ack);
      waiting?.resolve();
    } catch (error) {
      waiting?.reject(misfit(this.outlet.transport.peer, error));
      throw error;
    }
  }

  /** There will be no answer. */
  end(error: unknown): void {
    const { waiting } = this;
    this.done();
    waiting?.reject(error);
  }

  private done(): void {
    this.timer?.unsubscribe();
    this.waiting = undefined;
  }
}

const OFFER = ClientHelloMetadata.of({
  minVersionMajor: VERSION_MAJOR,
  maxVersionMajor: VERSION_MAJOR,
  supportedWireFormatBitmap: 1 << WIRE_FORMAT,
  // What a session is of, its SESSION_OPEN says.
  supportedProfileBitmap: bitmapOf([Profile.Tensor, Profile.Token]),
  supportedPayloadKindBitmap: PAYLOAD_KINDS,
  maxLaneCount: 1,
});

function hello(): Packet {
  const plain = packet({ messageType: MessageType.ClientHello }, ClientHelloMetadata.encode(OFFER));
  return marked(plain, 'preview4');
}

function misfit(peer: string, cause: unknown): RuntimeError {
  const message = `the server at ${peer} has answered CLIENT_HELLO with what was not offered: ${describeError(cause)}`;
  return new RuntimeError('protocol', message, { reach: 'connection', origin: 'peer', cause });
}

function unanswered(peer: string): RuntimeError {
  const message = `the server at ${peer} has not answered CLIENT_HELLO within ${ANSWER_MS} ms: it may not speak preview4`;
  return new RuntimeError('io', message, { reach: 'connection', origin: 'peer' });
}
