import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { RawSocket } from '../../support/raw-socket';
import { until } from '../../support/until';

/** A WebSocket with nothing of this library on it: any message, any end. */
export class WebSocketPeer {
  readonly messages: { readonly data: Uint8Array; readonly isBinary: boolean }[] = [];
  pings = 0;
  pongs: string[] = [];
  closeCode: number | undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      this.messages.push({ data: new Uint8Array(data as Buffer), isBinary });
    });
    socket.on('ping', () => (this.pings += 1));
    socket.on('pong', (data) => this.pongs.push(String(data)));
    socket.on('close', (code) => (this.closeCode = code));
    socket.on('error', () => undefined);
  }

  static async connect(
    port: number,
    options: { path?: string; protocols?: string[]; perMessageDeflate?: boolean } = {},
  ): Promise<WebSocketPeer> {
    const { path = '/', protocols = [], ...settings } = options;
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, settings);
    const peer = new WebSocketPeer(socket);
    await once(socket, 'open');
    return peer;
  }

  /** The code that the connection was closed with. */
  async closed(): Promise<number | undefined> {
    await until(() => this.closeCode !== undefined, 'the end of the WebSocket');
    return this.closeCode;
  }

  async received(count: number): Promise<readonly Uint8Array[]> {
    await until(() => this.messages.length >= count, `message ${count}`);
    return this.messages.map(({ data }) => data);
  }

  destroy(): void {
    this.socket.terminate();
  }
}

/** A WebSocket server with nothing of this library on it. */
export class WebSocketListener {
  readonly requests: { readonly headers: Readonly<Record<string, unknown>>; readonly stream: Socket }[] = [];
  private readonly peers: WebSocketPeer[] = [];

  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (socket, request) => {
      this.requests.push({ headers: request.headers, stream: request.socket });
      this.peers.push(new WebSocketPeer(socket));
    });
  }

  static async listen(): Promise<WebSocketListener> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true });
    await once(server, 'listening');
    return new WebSocketListener(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async accept(): Promise<WebSocketPeer> {
    await until(() => this.peers.length > 0, 'a WebSocket');
    return this.peers[0]!;
  }

  close(): void {
    for (const peer of this.peers) peer.destroy();
    this.server.close();
  }
}

/** A handshake by hand; from there on, the bytes of frames. */
export async function handshake(
  port: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly raw: RawSocket; readonly answer: string }> {
  const raw = await RawSocket.connect(port);
  const lines = Object.entries({
    Host: `127.0.0.1:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  raw.write(Buffer.from(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`));
  const text = (): string => Buffer.from(raw.received).toString('latin1');
  await until(() => text().includes('\r\n\r\n'), 'the answer to the handshake');
  return { raw, answer: text() };
}

/** A frame of a client: its mask is 0, so that the payload stays readable. */
export function maskedFrame(firstByte: number, payload: Uint8Array, declared = payload.length): Uint8Array {
  const head = Buffer.alloc(14);
  head[0] = firstByte;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(declared), 2);
  return new Uint8Array(Buffer.concat([head, payload]));
}

/** A control frame of a client, which has at most 125 bytes. */
export function maskedControlFrame(firstByte: number, payload: Uint8Array): Uint8Array {
  return Uint8Array.of(firstByte, 0x80 | payload.length, 0, 0, 0, 0, ...payload);
}
