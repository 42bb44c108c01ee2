import { connect, createServer, type Server, type Socket } from 'node:net';
import { HEADER_LENGTH } from '../../src/wire/header';
import { decodePacket, type Packet } from '../../src/wire/packet';
import { Patience } from './patience';

const META_LEN_AT = 12;
const BODY_LEN_AT = 16;

/** A TCP connection without an endpoint of the protocol on it: any bytes out, packet by packet in. */
export class RawSocket {
  private received = Buffer.alloc(0);
  private end: 'eof' | 'reset' | undefined;
  private readonly patience = new Patience('the connection');

  constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.patience.notify();
    });
    socket.on('end', () => {
      this.end ??= 'eof';
      this.patience.notify();
    });
    socket.on('error', () => {
      this.end ??= 'reset';
      this.patience.notify();
    });
  }

  static connect(port: number): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawSocket(socket));
      });
    });
  }

  send(...parts: readonly Uint8Array[]): this {
    for (const part of parts) this.socket.write(part);
    return this;
  }

  /** The next packet as it came. */
  async readBytes(): Promise<Uint8Array> {
    await this.patience.until(() => this.received.length >= this.packetLength() || this.end !== undefined);
    const length = this.packetLength();
    if (this.received.length < length) throw new Error(`the connection ended (${this.end ?? 'open'})`);
    const packet = Uint8Array.from(this.received.subarray(0, length));
    this.received = this.received.subarray(length);
    return packet;
  }

  async read(): Promise<Packet> {
    return decodePacket(await this.readBytes());
  }

  /** Waits for the end of the connection; rejects if anything comes before it. */
  async ended(): Promise<'eof' | 'reset'> {
    await this.patience.until(() => this.received.length > 0 || this.end !== undefined);
    if (this.received.length > 0) throw new Error(`expected the end, got ${this.received.toString('hex')}`);
    return this.end ?? 'eof';
  }

  /** Ends the writing side; reading goes on. */
  finish(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private packetLength(): number {
    const { received } = this;
    if (received.length < HEADER_LENGTH) return HEADER_LENGTH;
    return HEADER_LENGTH + received.readUInt32LE(META_LEN_AT) + received.readUInt32LE(BODY_LEN_AT);
  }
}

/** A port without an endpoint of the protocol behind it. */
export class RawListener {
  private readonly sockets: RawSocket[] = [];
  private readonly unclaimed: RawSocket[] = [];
  private readonly accepting: ((socket: RawSocket) => void)[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('connection', (socket) => {
      const raw = new RawSocket(socket);
      this.sockets.push(raw);
      const accept = this.accepting.shift();
      if (accept === undefined) this.unclaimed.push(raw);
      else accept(raw);
    });
  }

  static listen(): Promise<RawListener> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true });
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        if (address === null || typeof address === 'string') reject(new Error('no port was bound'));
        else resolve(new RawListener(server, address.port));
      });
    });
  }

  /** The next connection. */
  accept(): Promise<RawSocket> {
    const waiting = this.unclaimed.shift();
    if (waiting !== undefined) return Promise.resolve(waiting);
    return new Promise((resolve) => {
      this.accepting.push(resolve);
    });
  }

  destroy(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
