import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { connect as connectPlain, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import { makeLab, type Authority, type Issued } from '../../support/certificates';
import { pause, until } from '../../support/until';
import { FakeGate } from '../fake-gate';
import {
  closedLater,
  expectFault,
  frameIds,
  leavesNothingOpen,
  numbered,
  Reception,
  Recording,
} from '../support';
import { WebSocketPeer } from './web-socket-peer';

let authority: Authority;
let server: Issued;
let alice: Issued;

beforeAll(async () => {
  ({ authority, server, alice } = await makeLab());
});

leavesNothingOpen();

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

  it('serves as many paths as there are, and Node sees no leak in it', async () => {
    const { web, port } = await start();
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    closedLater({ close: () => process.off('warning', warned) });
    const paths = Array.from({ length: 20 }, (_, index) => `/model-${index}`);
    const receptions = paths.map((path) =>
      closedLater(new Reception(webSocket({ server: web, path }).listen())),
    );
    for (const [index, path] of paths.entries()) {
      closedLater((await receptions[index]!.link(webSocket({ port, path }))).connected);
    }
    expect(receptions.map(({ transports }) => transports.length)).toEqual(paths.map(() => 1));
    const { error } = await new Recording(webSocket({ port, path: '/other' }).connect()).over();
    expect((error as Error).message).toContain('404 Not Found');
    for (const { subscription } of receptions) subscription.unsubscribe();
    expect(web.eventNames()).toEqual(expect.not.arrayContaining(['upgrade', 'listening', 'error']));
    await pause(1);
    expect(warnings).toEqual([]);
  });

  it('says which port its web server cannot have', async () => {
    const { port } = await start();
    const other = http.createServer();
    const listening = closedLater(new Reception(webSocket({ server: other }).listen()));
    other.listen(port, '127.0.0.1');
    await until(() => listening.error !== undefined, 'the failure');
    expect((listening.error as Error).message).toBe(
      `cannot listen on the web server that is shared (127.0.0.1:${port}): the port is in use; choose another, or 0 for any free one`,
    );
  });

  it('has a path to itself, until it stops', async () => {
    const { web, port } = await start();
    const first = closedLater(new Reception(webSocket({ server: web, path: '/nnrp' }).listen()));
    const second = closedLater(new Reception(webSocket({ server: web, path: 'nnrp?x' }).listen()));
    expectFault(second.error, { kind: 'io', reach: 'server' });
    expect((second.error as Error).message).toBe(
      'cannot listen on the web server that is shared: /nnrp has a listener already; give each its own path',
    );
    first.subscription.unsubscribe();
    const third = closedLater(new Reception(webSocket({ server: web, path: '/nnrp' }).listen()));
    closedLater((await third.link(webSocket({ port, path: '/nnrp' }))).connected);
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

  it('reads and writes the stream that was upgraded, also one around the socket', async () => {
    const { web, port } = await start();
    const reception = closedLater(new Reception(webSocket({ server: web }).listen()));
    const own = web.listeners('upgrade')[0] as (...args: unknown[]) => void;
    web.removeAllListeners('upgrade').on('upgrade', (request, socket, head) => {
      const around = Duplex.from({ readable: socket, writable: socket });
      own.call(web, request, around, head);
    });
    const { accepted, connected } = await reception.link(webSocket({ port }));
    closedLater(connected);
    expect(accepted.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    const answered = new Recording(connected.packets$);
    new Recording(accepted.packets$, (each) => {
      accepted.send(each);
    });
    for (const id of [1, 2, 3]) connected.send(numbered(id, 100_000));
    expect(frameIds(await answered.count(3))).toEqual([1, 2, 3]);
    expect(accepted.takenBytes).not.toBeNaN();
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
