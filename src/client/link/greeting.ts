import type { SchedulerLike, Subscription } from 'rxjs';
import { bitmapOf } from '../../protocol/capability/bitmap';
import { marked } from '../../protocol/revision/mark';
import { RuntimeError } from '../../protocol/runtime-error';
import { scheduleAwake } from '../../transport/time/awake';
import { VERSION_MAJOR, WIRE_FORMAT } from '../../wire/header';
import { MessageType } from '../../wire/message-type';
import { ClientHelloMetadata } from '../../wire/messages/hello';
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

  /** The answer has come; false where nobody waits for one. */
  answered(): boolean {
    const { waiting } = this;
    this.done();
    waiting?.resolve();
    return waiting !== undefined;
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

function hello(): Packet {
  const metadata = ClientHelloMetadata.of({
    minVersionMajor: VERSION_MAJOR,
    maxVersionMajor: VERSION_MAJOR,
    supportedWireFormatBitmap: 1 << WIRE_FORMAT,
    // What a session is of, its SESSION_OPEN says.
    supportedProfileBitmap: bitmapOf([Profile.Tensor, Profile.Token]),
    supportedPayloadKindBitmap: PAYLOAD_KINDS,
    maxLaneCount: 1,
  });
  const plain = packet({ messageType: MessageType.ClientHello }, ClientHelloMetadata.encode(metadata));
  return marked(plain, 'preview4');
}

function unanswered(peer: string): RuntimeError {
  const message = `the server at ${peer} has not answered CLIENT_HELLO within ${ANSWER_MS} ms: it may not speak preview4`;
  return new RuntimeError('io', message, { reach: 'connection', origin: 'peer' });
}
