import type { Socket } from 'node:net';
import type { Chunk } from '../../wire/packet';
import type { UnfinishedPacket } from '../unfinished-packet';
import { MessageCutter } from './message-cutter';
import { MessageProgress } from './message-progress';

/** Who is told what comes. */
export interface MessageReader {
  /** So many bytes have come, of which the messages follow. */
  begun(bytes: number): void;
  /** A binary message that was cut here: the bytes from `start` to `end`. Others are the WebSocket's to tell. */
  message(chunk: Chunk, start: number, end: number): void;
  /** That was all of them. */
  ended(): void;
}

/**
 * Reads what comes over the stream of a WebSocket, instead of its own receiver, for as long as that is plain; gives
 * it what is not, and everything from then on. `ws` listens to 'data' of the stream that a handshake has left to
 * it; that one listener is all that is taken from it, and put back.
 */
export class MessageReading {
  private readonly cutter: MessageCutter;
  /** The WebSocket's own listener; where none is found, as in Bun, it has one that nobody sees. */
  private readonly receive: ((bytes: Uint8Array) => void) | undefined;
  /** Follows what the WebSocket reads by itself; undefined before. */
  private progress: MessageProgress | undefined;

  constructor(
    private readonly stream: Socket,
    private readonly reader: MessageReader,
    { isMasked, longest }: { readonly isMasked: boolean; readonly longest: number },
  ) {
    this.cutter = new MessageCutter(isMasked, longest, {
      message: (chunk, start, end) => {
        reader.message(chunk, start, end);
      },
      control: (frame) => {
        this.receive?.call(stream, frame);
      },
    });
    // The newest: whoever has a web server of his own may listen as well.
    this.receive = stream.listeners('data').at(-1) as typeof this.receive;
    if (this.receive === undefined) {
      this.leave();
      return;
    }
    stream.off('data', this.receive).on('data', this.onData);
    // Before the WebSocket, which then takes what was not read for the start of a frame.
    stream.prependListener('close', this.onClose);
  }

  /** The message that has begun, or a control frame between two; undefined between frames of neither. */
  get unfinished(): UnfinishedPacket | undefined {
    return this.progress === undefined ? this.cutter.unfinished : this.progress.unfinished;
  }

  private readonly onData = (bytes: Uint8Array): void => {
    this.reader.begun(bytes.length);
    try {
      this.cut(bytes);
    } finally {
      this.reader.ended();
    }
  };

  private readonly onClose = (): void => {
    const unread = this.stream.read() as Uint8Array | null;
    if (unread !== null) this.onData(unread);
  };

  private cut(bytes: Uint8Array): void {
    const rest = this.cutter.push(bytes);
    if (rest === undefined) return;
    // The WebSocket answers a closing frame at once, and nothing may come behind that (RFC 6455, section 5.5.1).
    this.reader.ended();
    const { stream, receive, onData, onClose } = this;
    stream.off('data', onData).off('close', onClose);
    const progress = this.leave();
    receive?.call(stream, rest);
    progress.push(rest);
  }

  /** Leaves the stream to the WebSocket. */
  private leave(): MessageProgress {
    const { stream, reader, receive } = this;
    const progress = (this.progress = new MessageProgress(this.cutter.count));
    stream.prependListener('data', (bytes: Uint8Array) => {
      reader.begun(bytes.length);
    });
    if (receive !== undefined) stream.on('data', receive);
    stream.on('data', (bytes) => {
      progress.push(bytes);
      reader.ended();
    });
    return progress;
  }
}
