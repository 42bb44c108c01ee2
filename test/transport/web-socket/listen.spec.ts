import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { connect as connectPlain, type AddressInfo, type Socket } from 'node:net';
import * as nodeTls from 'node:tls';
import { WebSocketServer } from 'ws';
import type { RuntimeError } from '../../../src/protocol/runtime-error';
import { webSocket, type WebSocketOptions } from '../../../src/transport/web-socket/web-socket';
import { Authority, type Issued } from '../../support/certificates';
import { RawSocket } from '../../support/raw-socket';
import { pause, until } from '../../support/until';
import { FakeGate } from '../fake-gate';
import { describeGate } from '../gate-contract';
import {
  closedLater,
  expectFault,
  frameIds,
  leavesNothingOpen,
  numbered,
  Reception,
  Recording,
} from '../support';
import { handshake, WebSocketPeer } from './web-socket-peer';

let authority: Authority;
let server: Issued;
let alice: Issued;

beforeAll(async () => {
  authority = await Authority.make('Lab CA');
  server = await authority.issue({ name: 'server' });
  alice = await authority.issue({ name: 'alice', uris: ['spiffe://lab/alice'] });
});

leavesNothingOpen();

type Options = Omit<WebSocketOptions, 'port'>;

async function listen(options: Options = {}, gate?: FakeGate) {
  const refused: RuntimeError[] = [];
  const endpoint = webSocket({ port: 0, ...options });
  const listener = endpoint.listen({ gate, refused: (error) => refused.push(error) });
  const reception = closedLater(new Reception(listener));
  return { reception, refused, port: (await reception.address()).port };
}

const secureTo = (port: number, options: Options = {}) =>
  webSocket({ port, tls: { ca: authority.cert }, ...options });

/** A handshake that is refused: what HTTP says. */
async function refusal(port: number, headers: Record<string, string> = {}): Promise<string> {
  const { raw, answer } = await handshake(port, headers);
  await raw.ended();
  raw.destroy();
  return answer.split('\r\n')[0]!;
}

describe('a WebSocket listener', () => {
  describe('a gate', () => {
    describeGate(() => ({
      listening: webSocket({ port: 0 }),
      connecting: ({ port }) => webSocket({ port }),
    }));

    it('is told before the upgrade, and can cut there', async () => {
      const gate = new FakeGate();
      const { port, reception } = await listen({}, gate);
      const silent = closedLater(await RawSocket.connect(port));
      await until(() => gate.tickets.length === 1, 'the ticket');
      gate.tickets[0]!.cut();
      await silent.ended();
      await until(() => gate.leaves[0] === 1, 'the leave');
      expect(reception.transports).toEqual([]);
    });
  });

  describe('a gate, over TLS', () => {
    describeGate(() => ({
      listening: webSocket({ port: 0, tls: server }),
      connecting: ({ port }) => secureTo(port),
    }));
  });

  it('refuses web pages of other origins with 403, and tells', async () => {
    const { port, reception, refused } = await listen({ origins: ['https://app.example'] });
    expect(await refusal(port, { Origin: 'https://evil.example' })).toBe('HTTP/1.1 403 Forbidden');
    expect(refused.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^the WebSocket handshake with 127\.0\.0\.1:\d+ failed: it was answered 403: web pages of this origin may not connect$/,
      ),
    ]);
    expectFault(refused[0], { kind: 'io', reach: 'connection', origin: 'peer' });
    expect(reception.transports).toEqual([]);
    const { raw, answer } = await handshake(port, { Origin: 'https://app.example' });
    expect(answer).toMatch(/^HTTP\/1.1 101 /);
    raw.destroy();
    closedLater((await reception.link(webSocket({ port }))).connected);
  });

  it('refuses more headers than are allowed with 431, and takes as many as are', async () => {
    const { port, reception } = await listen();
    const { raw } = await handshake(port, { 'X-Long': 'x'.repeat(60_000) });
    await reception.accept();
    raw.destroy();
    expect(await refusal(port, { 'X-Long': 'x'.repeat(66_000) })).toBe(
      'HTTP/1.1 431 Request Header Fields Too Large',
    );
    const narrow = await listen({ maxHeaderBytes: 1_000 });
    expect(await refusal(narrow.port, { 'X-Long': 'x'.repeat(1_000) })).toMatch(/^HTTP\/1.1 431 /);
    closedLater((await narrow.reception.link(webSocket({ port: narrow.port }))).connected);
  });

  it.each([
    ['another method', 'POST / HTTP/1.1', /^HTTP\/1.1 405 /],
    ['a path that is none', 'GET http://[ HTTP/1.1', /^HTTP\/1.1 40[04] /],
    ['a path of odd characters', 'GET /%00%zz HTTP/1.1', /^HTTP\/1.1 404 /],
    ['no path', 'GET * HTTP/1.1', /^HTTP\/1.1 40[04] /],
  ])('answers %s as HTTP does, and goes on', async (_, line, expected) => {
    const { port, reception } = await listen();
    const raw = closedLater(await RawSocket.connect(port));
    const headers = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    raw.write(Buffer.from(`${line}\r\n${headers}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`));
    await raw.ended();
    expect(Buffer.from(raw.received).toString()).toMatch(expected);
    closedLater((await reception.link(webSocket({ port }))).connected);
  });

  it('cuts handshakes that take too long, requests without one as well, and leaves WebSockets in peace', async () => {
    const { port, reception, refused } = await listen({ handshakeTimeoutMs: 150 });
    const { connected, accepted } = await reception.link(webSocket({ port }));
    closedLater(connected);
    const begun = Date.now();
    const silent = closedLater(await RawSocket.connect(port));
    const slow = closedLater(await RawSocket.connect(port));
    const asking = closedLater(await RawSocket.connect(port));
    slow.write(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n'));
    const drip = setInterval(() => slow.write(Buffer.from('X-A: b\r\n')), 40);
    asking.write(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await Promise.all([silent, slow, asking].map((raw) => raw.ended()));
    clearInterval(drip);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(145);
    expect(refused.map(({ message }) => message)).toEqual(
      Array(3).fill(
        expect.stringMatching(
          /^the WebSocket handshake with 127\.0\.0\.1:\d+ was not finished within 150 ms$/,
        ),
      ),
    );
    const read = new Recording(accepted.packets$);
    connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
  });
});

describe('a WebSocket listener over TLS', () => {
  it('is reached at wss:, and both ends know each other by their certificates', async () => {
    const tls = { ...server, ca: authority.cert, clientCertificates: 'require' } as const;
    const { port, reception } = await listen({ path: '/nnrp', tls });
    const address = await reception.address();
    expect(address.url).toBe(`wss://127.0.0.1:${port}/nnrp`);
    const endpoint = webSocket({ port, path: '/nnrp', tls: { ca: authority.cert, ...alice } });
    expect(endpoint.url).toBe(address.url);
    const { accepted, connected } = await reception.link(endpoint);
    closedLater(connected);
    expect([accepted.kind, accepted.identity?.commonName, connected.identity?.commonName]).toEqual([
      'websocket',
      'alice',
      'server',
    ]);
    const [read, answers] = [new Recording(accepted.packets$), new Recording(connected.packets$)];
    connected.send(numbered(1, 100_000));
    accepted.send(numbered(2, 100_000));
    expect(frameIds([...(await read.count(1)), ...(await answers.count(1))])).toEqual([1, 2]);
  });

  it('has nobody identified without a client certificate', async () => {
    const { port, reception } = await listen({ tls: server });
    const { accepted, connected } = await reception.link(secureTo(port));
    closedLater(connected);
    expect(accepted.identity).toBeUndefined();
  });

  it('refuses TLS 1.1 and foreign certificates, each with one clear error', async () => {
    const { port, refused, reception } = await listen({ tls: server });
    const old = nodeTls.connect({
      port,
      host: '127.0.0.1',
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const [error] = (await once(closedLater(old), 'error')) as [Error & { code: string }];
    expect(error.code).toContain('PROTOCOL_VERSION');
    await until(() => refused.length === 1, 'the refusal');
    expect(refused[0]?.message).toMatch(/^the TLS handshake with .* failed: there is no TLS version/);
    const untrusting = await new Recording(webSocket({ port, tls: {} }).connect()).over();
    expectFault(untrusting.error, {
      kind: 'io',
      reach: 'connection',
      message: `cannot connect to wss://127.0.0.1:${port}/: its certificate is signed by nobody that is trusted here; give the signer's as \`ca\``,
    });
    const misnamed = await new Recording(
      webSocket({ port, tls: { ca: authority.cert, serverName: 'nnrp.example' } }).connect(),
    ).over();
    expect((misnamed.error as Error).message).toContain('its certificate is for other names');
    const plain = await new Recording(webSocket({ port }).connect()).over();
    expectFault(plain.error, { kind: 'io', reach: 'connection' });
    expect(reception.transports).toEqual([]);
  });

  it('tells a client that it needs a certificate', async () => {
    const tls = { ...server, ca: authority.cert, clientCertificates: 'require' } as const;
    const { port, reception } = await listen({ tls });
    const { error } = await new Recording(secureTo(port).connect()).over();
    expectFault(error, {
      kind: 'io',
      message: `cannot connect to wss://127.0.0.1:${port}/: it requires a client certificate; give \`cert\` and \`key\``,
    });
    expect(reception.transports).toEqual([]);
  });

  it('is told that what listens there has no TLS', async () => {
    const { port } = await listen();
    const { error } = await new Recording(secureTo(port).connect()).over();
    expectFault(error, {
      kind: 'io',
      message: `cannot connect to wss://127.0.0.1:${port}/: it does not speak TLS`,
    });
  });

  it('has one clear error for a certificate that is none, of either end', async () => {
    const { error } = await new Recording(webSocket({ port: 4480, tls: {} }).listen()).over();
    expectFault(error, {
      kind: 'io',
      reach: 'server',
      message: 'cannot listen on 127.0.0.1:4480: a server needs a certificate; give `cert` and `key`',
    });
    const connecting = webSocket({ port: 1, tls: { cert: 'nonsense', key: 'nonsense' } }).connect();
    expectFault((await new Recording(connecting).over()).error, {
      kind: 'io',
      message: 'cannot connect to wss://127.0.0.1:1/: the certificate cannot be read; it has to be PEM',
    });
  });

  it('shows another certificate when it is replaced; a bad one is refused', async () => {
    const endpoint = webSocket({ port: 0, tls: server });
    const reception = closedLater(new Reception(endpoint.listen()));
    const { port } = await reception.address();
    const first = await reception.link(secureTo(port));
    closedLater(first.connected);
    endpoint.replaceCertificate(await authority.issue({ name: 'renewed' }));
    expect(() => {
      endpoint.replaceCertificate({ cert: server.cert, key: alice.key });
    }).toThrow(
      'cannot replace the certificate of wss://127.0.0.1:0/: the key is not that of the certificate',
    );
    const second = await reception.link(secureTo(port));
    closedLater(second.connected);
    expect([first, second].map(({ connected }) => connected.identity?.commonName)).toEqual([
      'server',
      'renewed',
    ]);
    const read = new Recording(first.accepted.packets$);
    first.connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
  });

  it('has one time for both handshakes', async () => {
    const { port, refused } = await listen({ tls: server, handshakeTimeoutMs: 200 });
    const begun = Date.now();
    const silent = closedLater(await RawSocket.connect(port));
    const half = closedLater(nodeTls.connect({ port, host: '127.0.0.1', ca: authority.cert }));
    half.on('error', () => undefined).resume();
    await once(half, 'secureConnect');
    half.write('GET / HTTP/1.1\r\nHost: x\r\n');
    await Promise.all([silent.ended(), once(half, 'close')]);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(195);
    expect(refused.map(({ message }) => message.replace(/127[^ ]* /, ''))).toEqual([
      'the TLS handshake with was not finished within 200 ms',
      'the WebSocket handshake with was not finished within 200 ms',
    ]);
  });

  it('cuts what is on its way when it stops, before and after TLS', async () => {
    const { port, reception, refused } = await listen({ tls: server });
    const { accepted, connected } = await reception.link(secureTo(port));
    closedLater(connected);
    const silent = closedLater(await RawSocket.connect(port));
    const half = closedLater(nodeTls.connect({ port, host: '127.0.0.1', ca: authority.cert }));
    half.on('error', () => undefined).resume();
    await once(half, 'secureConnect');
    await pause(10);
    reception.subscription.unsubscribe();
    await Promise.all([silent.ended(), once(half, 'close')]);
    expect(refused).toEqual([]);
    const read = new Recording(accepted.packets$);
    connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
  });
});

describe('a WebSocket listener on a web server that is shared', () => {
  interface Shared {
    readonly web: http.Server;
    readonly port: number;
    ended: boolean;
  }

  /** Somebody's web server, which serves a page. */
  async function start(web = http.createServer()): Promise<Shared> {
    web.on('request', (_: unknown, response: http.ServerResponse) => response.end('a page'));
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    const shared: Shared = { web, port: (web.address() as AddressInfo).port, ended: false };
    web.on('close', () => (shared.ended = true));
    closedLater({
      close: () => {
        web.close();
        web.closeAllConnections();
      },
    });
    return shared;
  }

  async function pageOf(port: number): Promise<string> {
    const [response] = (await once(
      http.get({ port, host: '127.0.0.1', agent: false }),
      'response',
    )) as unknown as [AsyncIterable<Uint8Array>];
    const parts: Uint8Array[] = [];
    for await (const part of response) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  it('takes its path, beside what the server serves', async () => {
    const { web, port } = await start();
    const reception = closedLater(new Reception(webSocket({ server: web, path: '/nnrp' }).listen()));
    expect(await reception.address()).toEqual({
      kind: 'websocket',
      host: '127.0.0.1',
      port,
      url: `ws://127.0.0.1:${port}/nnrp`,
    });
    const { accepted, connected } = await reception.link(webSocket({ port, path: '/nnrp' }));
    closedLater(connected);
    const read = new Recording(accepted.packets$);
    connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
    expect(await pageOf(port)).toBe('a page');
  });

  it('tells its address once the server listens, and its failure where it cannot', async () => {
    const web = http.createServer();
    const reception = closedLater(new Reception(webSocket({ server: web }).listen()));
    const address = new Recording(reception.listener.address$);
    await pause(5);
    expect(address.values).toEqual([]);
    await start(web);
    expect(await address.count(1)).toHaveLength(1);
    web.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    expectFault(reception.error, { kind: 'io', reach: 'server' });
    expect((reception.error as Error).message).toMatch(/^cannot listen on the web server .*: accept EMFILE$/);
  });

  it('leaves other upgrades to others', async () => {
    const { web, port } = await start();
    const chat = new WebSocketServer({ noServer: true });
    web.on('upgrade', (request, stream, head) => {
      if (request.url === '/chat') chat.handleUpgrade(request, stream, head, (socket) => socket.send('hi'));
    });
    const mine = closedLater(new Reception(webSocket({ server: web, path: '/nnrp' }).listen()));
    const also = closedLater(new Reception(webSocket({ server: web, path: '/too' }).listen()));
    const peer = closedLater(await WebSocketPeer.connect(port, { path: '/chat' }));
    expect(Buffer.from((await peer.received(1))[0]!).toString()).toBe('hi');
    closedLater((await also.link(webSocket({ port, path: '/too' }))).connected);
    expect([mine.transports.length, also.transports.length]).toEqual([0, 1]);
  });

  it('answers what is not its own where nobody else would, and refuses as HTTP does', async () => {
    const { web, port } = await start();
    const options = { server: web, path: '/nnrp', origins: ['https://app.example'] } as const;
    const reception = closedLater(new Reception(webSocket(options).listen()));
    const answerTo = async (path: string): Promise<unknown> => {
      const { error } = await new Recording(webSocket({ port, path }).connect()).over();
      return (error as Error).message;
    };
    expect(await answerTo('/chat')).toContain('404 Not Found: NNRP is served at /nnrp');
    const peer = await handshakeAt(port, '/nnrp', { Origin: 'https://evil.example' });
    expect(peer).toMatch(/^HTTP\/1.1 403 /);
    expect(reception.transports).toEqual([]);
  });

  it('stops without the server, which serves on', async () => {
    const shared = await start();
    const { web, port } = shared;
    const reception = closedLater(new Reception(webSocket({ server: web }).listen()));
    const { accepted, connected } = await reception.link(webSocket({ port }));
    closedLater(connected);
    const listeners = web.eventNames().length;
    reception.subscription.unsubscribe();
    expect(web.eventNames().length).toBeLessThan(listeners);
    expect(web.listenerCount('upgrade')).toBe(0);
    expect(await pageOf(port)).toBe('a page');
    expect(shared.ended).toBe(false);
    const read = new Recording(accepted.packets$);
    connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
  });

  it('enters the gate with the upgrade, and not with other requests', async () => {
    const { web, port } = await start();
    const gate = new FakeGate();
    const reception = closedLater(new Reception(webSocket({ server: web }).listen({ gate })));
    await pageOf(port);
    expect(gate.tickets).toEqual([]);
    const { accepted, connected } = await reception.link(webSocket({ port }));
    expect(accepted.ticket).toBe(gate.tickets[0]);
    new Recording(accepted.packets$);
    connected.destroy();
    await until(() => gate.leaves[0] === 1, 'the leave');
    gate.shut();
    const refused = await new Recording(webSocket({ port }).connect()).over();
    expectFault(refused.error, { kind: 'io' });
    expect(reception.transports).toHaveLength(1);
  });

  it('sees who is there also on a server over TLS', async () => {
    const web = https.createServer({ ...server, ca: authority.cert, requestCert: true });
    const { port } = await start(web);
    const reception = closedLater(new Reception(webSocket({ server: web }).listen()));
    expect((await reception.address()).url).toBe(`wss://127.0.0.1:${port}/`);
    const endpoint = webSocket({ port, tls: { ca: authority.cert, ...alice } });
    const { accepted, connected } = await reception.link(endpoint);
    closedLater(connected);
    expect(accepted.identity?.commonName).toBe('alice');
  });
});

async function handshakeAt(port: number, path: string, headers: Record<string, string>): Promise<string> {
  const socket: Socket = connectPlain(port, '127.0.0.1').on('error', () => undefined);
  const lines = Object.entries({
    Host: 'x',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
