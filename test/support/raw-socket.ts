import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { HEADER_LENGTH } from '../../src/wire/header';
import { decodePacket, type Packet } from '../../src/wire/packet';
import { until } from './until';

const META_LEN_AT = 12;
const BODY_LEN_AT = 16;

/** A TCP connection with nothing of this library on it: any bytes, any end, or none. */
export class RawSocket {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  /** How many of the bytes have been taken as packets. */
  private taken = 0;
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

  /** The next packet, as it came; rejects where the connection ends before. */
  async nextBytes(): Promise<Uint8Array> {
    await until(() => this.has(this.nextLength()) || this.over !== undefined, 'a packet');
    const length = this.nextLength();
    if (!this.has(length)) throw new Error(`the connection ended (${this.over ?? 'open'})`);
    this.taken += length;
    return this.received.slice(this.taken - length, this.taken);
  }

  async nextPacket(): Promise<Packet> {
    return decodePacket(await this.nextBytes());
  }

  /** The end of the other side, which is to be next: rejects where anything comes that nobody has taken. */
  async nextEnd(): Promise<'end' | 'reset'> {
    await until(() => this.has(1) || this.over !== undefined, 'the end of the connection');
    const rest = Buffer.from(this.received.subarray(this.taken));
    if (rest.length > 0) throw new Error(`expected the end, got ${rest.toString('hex')}`);
    return this.ended();
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

  private has(bytes: number): boolean {
    return this.size - this.taken >= bytes;
  }

  /** Of the next packet, as far as it is known: of its header, as long as that is not there. */
  private nextLength(): number {
    if (!this.has(HEADER_LENGTH)) return HEADER_LENGTH;
    const header = Buffer.from(this.received.buffer, this.taken, HEADER_LENGTH);
    return HEADER_LENGTH + header.readUInt32LE(META_LEN_AT) + header.readUInt32LE(BODY_LEN_AT);
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
