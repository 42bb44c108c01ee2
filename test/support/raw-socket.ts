import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { until } from './until';

/** A TCP connection with nothing of this library on it: any bytes, any end, or none. */
export class RawSocket {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private over: 'end' | 'reset' | undefined;

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('end', () => (this.over ??= 'end'));
    socket.on('error', () => (this.over ??= 'reset'));
  }

  /** Reads from the start, and never ends its side by itself. */
  static connect(port: number, host = '127.0.0.1'): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawSocket(socket).read());
      });
    });
  }

  /** Starts to read, or goes on. */
  read(): this {
    if (this.socket.listenerCount('data') === 0) {
      this.socket.on('data', (chunk) => {
        this.chunks.push(chunk);
        this.size += chunk.length;
      });
    }
    this.socket.resume();
    return this;
  }

  /** Reads nothing any more, so that the other end's bytes pile up there. */
  pause(): this {
    this.socket.pause();
    return this;
  }

  write(...parts: readonly Uint8Array[]): this {
    for (const part of parts) this.socket.write(part);
    return this;
  }

  /** What has come so far. */
  get received(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.chunks));
  }

  get receivedLength(): number {
    return this.size;
  }

  async receives(length: number): Promise<Uint8Array> {
    await until(() => this.size >= length, `${length} bytes`);
    return this.received;
  }

  /** How the other end has ended its side. */
  async ended(): Promise<'end' | 'reset'> {
    await until(() => this.over !== undefined, 'the end of the connection');
    return this.over ?? 'end';
  }

  /** Ends this side, as a clean end does; reading goes on. */
  finish(...parts: readonly Uint8Array[]): this {
    this.write(...parts).socket.end();
    return this;
  }

  /** Ends the connection as a crash does. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A port with nothing of this library behind it. Its connections read once they are told to. */
export class RawListener {
  private readonly accepted: RawSocket[] = [];
  private taken = 0;

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.accepted.push(new RawSocket(socket)));
  }

  static listen(host = '127.0.0.1'): Promise<RawListener> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
      server.once('error', reject);
      server.listen(0, host, () => {
        resolve(new RawListener(server));
      });
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The next connection. */
  async accept(): Promise<RawSocket> {
    await until(() => this.accepted.length > this.taken, 'a connection');
    return this.accepted[this.taken++]!;
  }

  close(): void {
    this.server.close();
    for (const raw of this.accepted) raw.destroy();
  }
}
