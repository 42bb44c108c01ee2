import * as net from 'node:net';
import * as tls from 'node:tls';
import type { TokensParameters } from './parameters';
import { wordsOf } from './token-words';

/** All connections read into the same bytes: nobody looks at what has been read. */
const sink = Buffer.alloc(64 * 1024);

/** A connection that asks for its answers as its protocol has it. */
export class TokenConnection {
  /** Milliseconds; when the answers were asked for, undefined before. */
  askedAt: number | undefined;
  private readonly socket: net.Socket;
  private isOver = false;

  /** `asked` once it has, and `heard` with what comes from then on, which is gone when that returns. */
  constructor(
    load: TokensParameters,
    index: number,
    { asked, heard }: { readonly asked: () => void; readonly heard?: (bytes: Buffer) => void },
  ) {
    const words = wordsOf(load, index);
    let before = '';
    let awaited: string | undefined;
    const say = (): void => {
      const word = words.shift();
      if (word === undefined) return;
      before = '';
      awaited = word.awaits;
      this.socket.write(word.bytes);
      if (words.length > 0) return;
      this.askedAt = performance.now();
      asked();
    };
    const isSecure = load.protocol === 'nnrp-tls';
    const options = {
      host: '127.0.0.1',
      port: load.port,
      noDelay: true,
      onread: {
        buffer: sink,
        callback: (count: number) => {
          if (awaited === undefined) {
            heard?.(sink.subarray(0, count));
            return true;
          }
          before += sink.toString('latin1', 0, count);
          if (before.includes(awaited)) say();
          return true;
        },
      },
    };
    this.socket = isSecure ? tls.connect({ ...options, rejectUnauthorized: false }) : net.connect(options);
    this.socket.on(isSecure ? 'secureConnect' : 'connect', say);
    this.socket.on('error', (error) => {
      if (!this.isOver) throw error;
    });
    this.socket.on('close', () => {
      if (!this.isOver) throw new Error('the server has ended the connection');
    });
  }

  end(): void {
    this.isOver = true;
    this.socket.destroy();
  }
}
