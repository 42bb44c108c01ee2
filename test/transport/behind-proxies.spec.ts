import * as net from 'node:net';
import * as nodeTls from 'node:tls';
import { WebSocket } from 'ws';
import type { Violation } from '../../src/server/reports';
import { createServer, type Server } from '../../src/server/server';
import { SessionErrorCode } from '../../src/wire/messages/session-open';
import type { ListenEndpoint } from '../../src/transport/endpoint';
import { tcp } from '../../src/transport/tcp/tcp';
import { tls } from '../../src/transport/tls/tls';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { encodePacket } from '../../src/wire/encode-packet';
import { open, ping } from '../../src/testing';
import { makeLab, type Lab } from '../support/certificates';
import { proxyHeader } from '../support/proxy-header';
import { pause, until } from '../support/until';

const OPEN = Buffer.concat([open(7), ping(1)].map(encodePacket));
const ANSWERS = 40 + 56 + 40;
const trustProxy = ['127.0.0.0/8'];

let server: Server;
let peers: string[];
let violations: Violation[];
const ends: (() => void)[] = [];

async function serve(listen: ListenEndpoint): Promise<number> {
  peers = [];
  violations = [];
  server = createServer({
    listen,
    policy: ({ peer }) => {
      peers.push(peer);
      return SessionErrorCode.None;
    },
  });
  server.violations$.subscribe((violation) => violations.push(violation));
  const [address] = await server.listening();
  return address!.port;
}

function connect(port: number): { socket: net.Socket; seen: { bytes: number; isOver: boolean } } {
  const socket = net.connect(port, '127.0.0.1');
  const seen = { bytes: 0, isOver: false };
  socket.on('data', ({ length }) => (seen.bytes += length));
  socket.on('error', () => undefined).on('close', () => (seen.isOver = true));
  ends.push(() => socket.destroy());
  return { socket, seen };
}

afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await server.close({ graceMs: 0 });
});

describe('TCP behind a proxy', () => {
  it.each([
    ['in one write', [Buffer.concat([proxyHeader(), OPEN])]],
    ['its header first', [proxyHeader(), OPEN]],
    [
      'byte by byte',
      [...Buffer.concat([proxyHeader({ more: Buffer.alloc(40) }), OPEN])].map((byte) => Buffer.of(byte)),
    ],
  ])('has the peer that its proxy names: %s', async (_, writes) => {
    const port = await serve(tcp({ port: 0, trustProxy }));
    const { socket, seen } = connect(port);
    socket.setNoDelay(true);
    for (const [index, bytes] of writes.entries()) {
      socket.write(bytes);
      if (index % 16 === 0) await pause(1);
    }
    await until(() => seen.bytes === ANSWERS, 'the answers');
    expect(peers).toEqual(['203.0.113.7:51234']);
    expect(violations).toEqual([]);
  });

  it('has its own address where the proxy speaks for itself', async () => {
    const port = await serve(tcp({ port: 0, trustProxy }));
    const { socket, seen } = connect(port);
    socket.write(Buffer.concat([proxyHeader({ command: 0x20 }), OPEN]));
    await until(() => seen.bytes === ANSWERS, 'the answers');
    expect(peers).toEqual([`127.0.0.1:${socket.localPort}`]);
  });

  it.each([
    ['none', OPEN],
    ['a broken one', proxyHeader({ command: 0x2f })],
  ])('costs a connection itself where its header is %s', async (_, bytes) => {
    const port = await serve(tcp({ port: 0, trustProxy }));
    const { socket, seen } = connect(port);
    socket.write(bytes);
    await until(() => seen.isOver, 'the end');
    expect(peers).toEqual([]);
    expect(violations).toMatchObject([
      { error: { kind: 'io', message: expect.stringContaining('PROXY') as string } },
    ]);
    const other = connect(port);
    other.socket.write(Buffer.concat([proxyHeader(), OPEN]));
    await until(() => other.seen.bytes === ANSWERS, 'the answers to another');
  });

  it('takes no header from who is not named', async () => {
    const port = await serve(tcp({ port: 0, trustProxy: ['10.0.0.0/8'] }));
    const plain = connect(port);
    plain.socket.write(OPEN);
    await until(() => plain.seen.bytes === ANSWERS, 'the answers');
    const liar = connect(port);
    liar.socket.write(Buffer.concat([proxyHeader(), OPEN]));
    await until(() => liar.seen.isOver, 'the end');
    expect(peers).toEqual([`127.0.0.1:${plain.socket.localPort}`]);
  });

  it('is cut where the header does not come, and with its listener', async () => {
    const limits: string[] = [];
    server = createServer({ listen: tcp({ port: 0, trustProxy }), limits: { handshakeMs: 100 } });
    server.limits$.subscribe(({ limit }) => limits.push(limit));
    const [address] = await server.listening();
    const { socket, seen } = connect(address!.port);
    socket.write(proxyHeader().subarray(0, 20));
    await until(() => seen.isOver, 'the end');
    expect(limits).toEqual(['handshakeMs']);
  });
});

describe('TLS behind a proxy', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await makeLab();
  });

  it('has the peer that its proxy names, before TLS begins', async () => {
    const port = await serve(tls({ port: 0, ...lab.server, trustProxy }));
    const { socket } = connect(port);
    socket.removeAllListeners('data');
    socket.write(proxyHeader());
    const secure = nodeTls.connect({
      socket,
      ca: lab.authority.cert,
      servername: 'localhost',
      ALPNProtocols: ['nnrp/1'],
    });
    let bytes = 0;
    secure.on('data', ({ length }: Buffer) => (bytes += length)).on('error', () => undefined);
    secure.write(OPEN);
    await until(() => bytes === ANSWERS, 'the answers');
    expect(peers).toEqual(['203.0.113.7:51234']);
  });

  it('is refused without its header, and taken as it is from who is not named', async () => {
    let port = await serve(tls({ port: 0, ...lab.server, trustProxy }));
    const refused = nodeTls.connect({ port, host: '127.0.0.1', ca: lab.authority.cert });
    let isOver = false;
    refused.on('error', () => undefined).on('close', () => (isOver = true));
    await until(() => isOver, 'the end');
    expect(violations).toMatchObject([{ error: { message: expect.stringContaining('PROXY') as string } }]);
    await server.close();
    port = await serve(tls({ port: 0, ...lab.server, trustProxy: ['10.0.0.0/8'] }));
    const plain = nodeTls.connect({
      port,
      host: '127.0.0.1',
      ca: lab.authority.cert,
      ALPNProtocols: ['nnrp/1'],
    });
    ends.push(() => plain.destroy());
    plain.on('error', () => undefined).write(OPEN);
    await until(() => peers.length === 1, 'the session');
    expect(peers).toEqual([`127.0.0.1:${plain.localPort}`]);
  });
});

describe('WebSocket behind a proxy', () => {
  async function session(port: number, headers: Record<string, string>): Promise<number | undefined> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers });
    ends.push(() => {
      socket.terminate();
    });
    let refusedWith: number | undefined;
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_, { statusCode }) => (refusedWith = statusCode));
    socket.on('open', () => {
      socket.send(encodePacket(open(7)));
    });
    const before = peers.length;
    await until(() => refusedWith !== undefined || peers.length > before, 'a session or a refusal');
    return refusedWith;
  }

  it('has the peer that its proxy names', async () => {
    const port = await serve(webSocket({ port: 0, trustProxy }));
    await session(port, { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7' });
    await session(port, { 'X-Forwarded-For': '2001:db8::7' });
    expect(peers).toEqual(['203.0.113.7', '[2001:db8::7]']);
  });

  it('is answered with 400 where its proxy does not say', async () => {
    const port = await serve(webSocket({ port: 0, trustProxy }));
    expect(await session(port, {})).toBe(400);
    expect(await session(port, { 'X-Forwarded-For': 'unknown' })).toBe(400);
    expect(peers).toEqual([]);
    expect(violations).toHaveLength(2);
  });

  it('has its own address where it is not named, whatever it says', async () => {
    const port = await serve(webSocket({ port: 0 }));
    await session(port, { 'X-Forwarded-For': '203.0.113.7' });
    expect(peers).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
  });
});
