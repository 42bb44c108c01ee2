import { Agent, createServer, get } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport } from '../../../src/transport/transport';
import type { WebSocketOptions } from '../../../src/transport/web-socket/options';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import { RawListener } from '../../support/raw-socket';
import { pause, until } from '../../support/until';
import { describeConnecting } from '../connecting';
import {
  closedLater,
  expectFault,
  frameIds,
  leavesNothingOpen,
  numbered,
  Reception,
  Recording,
} from '../support';
import { handshake, WebSocketListener, WebSocketPeer } from './web-socket-peer';

leavesNothingOpen();

describe('webSocket', () => {
  describeConnecting({
    endpoint: webSocket,
    target: (place) => `ws://${place}/`,
    url: (place) => `ws://${place}/`,
  });

  type Options = Omit<WebSocketOptions, 'port'>;

  async function listen(options: Options = {}): Promise<{ reception: Reception; port: number }> {
    const reception = closedLater(new Reception(webSocket({ port: 0, ...options }).listen()));
    return { reception, port: (await reception.address()).port };
  }

  /** How a client of these options fares with a server of those. */
  async function meet(
    server: Options,
    client: Options,
  ): Promise<{ error: unknown; transport?: Transport; port: number }> {
    const { reception, port } = await listen(server);
    const { values, error } = await new Recording(webSocket({ port, ...client }).connect()).over();
    const [transport] = values;
    if (transport === undefined) {
      await pause(5);
      expect(reception.transports).toEqual([]);
      return { error, port };
    }
    closedLater(transport);
    await reception.accept();
    return { error, transport, port };
  }

  it('has the kind websocket, and a url', () => {
    expect(webSocket({ port: 4480 })).toMatchObject({ kind: 'websocket', url: 'ws://127.0.0.1:4480/' });
    expect(webSocket({ host: '::1', port: 1, path: '/nnrp' }).url).toBe('ws://[::1]:1/nnrp');
    expect(webSocket({ port: 1, path: 'nnrp' }).url).toBe('ws://127.0.0.1:1/nnrp');
    expect(webSocket({ port: 0 }).listen().kind).toBe('websocket');
  });

  describe('the path', () => {
    it.each([
      ['/nnrp', '/nnrp'],
      ['nnrp', '/nnrp'],
      ['/nnrp', '/nnrp?token=x'],
      ['/größe', '/größe'],
    ])('of a server, %s, takes %s', async (path, asked) => {
      const { error } = await meet({ path }, { path: asked });
      expect(error).toBeUndefined();
    });

    it.each([
      ['/nnrp', '/'],
      ['/nnrp', '/nnrp/'],
      ['/', '/nnrp'],
      ['/nnrp', '//elsewhere/nnrp'],
    ])('of a server, %s, refuses %s with one clear error', async (path, asked) => {
      const { error, port } = await meet({ path }, { path: asked });
      expectFault(error, {
        kind: 'io',
        reach: 'connection',
        origin: 'local',
        message:
          `cannot connect to ws://127.0.0.1:${port}${asked}: ` +
          `the server answered 404 Not Found: NNRP is served at ${path}`,
      });
    });
  });

  describe('what a gateway wants', () => {
    it('is headers, which go with the handshake', async () => {
      const listener = closedLater(await WebSocketListener.listen());
      const headers = { Authorization: 'Bearer me', 'X-Tenant': 'lab' };
      const { values } = await new Recording(webSocket({ port: listener.port, headers }).connect()).over();
      closedLater(values[0]!);
      expect(listener.requests[0]?.headers).toMatchObject({ authorization: 'Bearer me', 'x-tenant': 'lab' });
    });

    it('is an agent, which makes the socket', async () => {
      const listener = closedLater(await WebSocketListener.listen());
      const made: unknown[] = [];
      class Proxying extends Agent {
        override createConnection(...[options, callback]: Parameters<Agent['createConnection']>): Duplex {
          made.push(options.host);
          return super.createConnection({ ...options, host: '127.0.0.1', port: listener.port }, callback)!;
        }
      }
      const agent = new Proxying();
      const { values } = await new Recording(
        webSocket({ host: 'nowhere.invalid', port: 1, agent }).connect(),
      ).over();
      closedLater(values[0]!);
      expect([made, values[0]?.peer]).toEqual([['nowhere.invalid'], expect.stringContaining('1')]);
      agent.destroy();
    });
  });

  describe('the sub-protocol', () => {
    it('is none by default', async () => {
      const { port } = await listen();
      const { raw, answer } = await handshake(port);
      expect(answer).toMatch(/^HTTP\/1.1 101 /);
      expect(answer.toLowerCase()).not.toContain('sec-websocket-protocol');
      raw.destroy();
      const listener = closedLater(await WebSocketListener.listen());
      const { values } = await new Recording(webSocket({ port: listener.port }).connect()).over();
      closedLater(values[0]!);
      expect(listener.requests[0]?.headers).not.toHaveProperty('sec-websocket-protocol');
    });

    it('is agreed on where both have it', async () => {
      const { error, transport } = await meet({ subProtocol: 'nnrp.1' }, { subProtocol: 'nnrp.1' });
      expect(error).toBeUndefined();
      expect(transport).toBeDefined();
      const { port } = await listen({ subProtocol: 'nnrp.1' });
      const peer = closedLater(await WebSocketPeer.connect(port, { protocols: ['other', 'nnrp.1'] }));
      expect(peer.socket.protocol).toBe('nnrp.1');
    });

    it.each([undefined, 'other', 'nnrp.10'])('is required by a server that has one, of %s', async (asked) => {
      const { error, port } = await meet(
        { subProtocol: 'nnrp.1' },
        asked === undefined ? {} : { subProtocol: asked },
      );
      expectFault(error, {
        kind: 'io',
        reach: 'connection',
        message:
          `cannot connect to ws://127.0.0.1:${port}/: ` +
          'the server answered 400 Bad Request: the sub-protocol nnrp.1 is required',
      });
    });

    it('is required by a client that has one', async () => {
      const { port } = await listen();
      const attempt = new Recording(webSocket({ port, subProtocol: 'nnrp.1' }).connect());
      const { values, error } = await attempt.over();
      expect(values).toEqual([]);
      expectFault(error, {
        kind: 'io',
        message: `cannot connect to ws://127.0.0.1:${port}/: Server sent no subprotocol`,
      });
    });

    it('has one clear error where it is none', () => {
      expect(() => webSocket({ port: 1, subProtocol: 'not one' })).toThrow(
        new RangeError('subProtocol must be the name of a sub-protocol, got "not one"'),
      );
    });
  });

  describe('compression', () => {
    it('is not agreed to', async () => {
      const { port } = await listen();
      const { raw, answer } = await handshake(port, { 'Sec-WebSocket-Extensions': 'permessage-deflate' });
      expect(answer).toMatch(/^HTTP\/1.1 101 /);
      expect(answer.toLowerCase()).not.toContain('sec-websocket-extensions');
      raw.destroy();
    });

    it('is not offered', async () => {
      const listener = closedLater(await WebSocketListener.listen());
      const { values } = await new Recording(webSocket({ port: listener.port }).connect()).over();
      closedLater(values[0]!);
      expect(listener.requests[0]?.headers).not.toHaveProperty('sec-websocket-extensions');
    });
  });

  describe('a server', () => {
    it('tells who comes without a WebSocket what it is', async () => {
      const { port } = await listen();
      const [response] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
        AsyncIterable<Uint8Array> & { statusCode: number },
      ];
      const parts: Uint8Array[] = [];
      for await (const part of response) parts.push(part);
      expect(response.statusCode).toBe(426);
      expect(Buffer.concat(parts).toString()).toBe('NNRP is served over WebSocket');
    });

    it('outlives bytes that are no request, and handshakes that are none', async () => {
      const { reception, port } = await listen();
      const noise = connect(port, '127.0.0.1').on('error', () => undefined);
      noise.end(Buffer.alloc(1000, 7));
      await once(noise.resume(), 'close');
      const { raw, answer } = await handshake(port, { 'Sec-WebSocket-Key': 'short' });
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
      raw.destroy();
      expect(reception.transports).toEqual([]);
      closedLater((await reception.link(webSocket({ port }))).connected);
    });

    it('cuts off handshakes under way when it stops, and no WebSocket', async () => {
      const { reception, port } = await listen();
      const { accepted, connected } = await reception.link(webSocket({ port }));
      closedLater(connected);
      const silent = connect(port, '127.0.0.1');
      const halfway = connect(port, '127.0.0.1');
      for (const socket of [silent, halfway]) await once(socket, 'connect');
      halfway.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n');
      await pause(20);
      reception.subscription.unsubscribe();
      await until(() => silent.readableEnded || silent.destroyed || !silent.resume().readable, 'the cut');
      for (const socket of [silent, halfway]) {
        socket.resume().on('error', () => undefined);
        await until(() => socket.closed, 'the end of a handshake');
      }
      const read = new Recording(accepted.packets$);
      connected.send(numbered(1));
      expect(frameIds(await read.count(1))).toEqual([1]);
    });

    it('reads what comes with the handshake, and after it', async () => {
      const { reception, port } = await listen();
      const { connected, accepted } = await reception.link(webSocket({ port }));
      closedLater(connected);
      for (const id of [1, 2]) connected.send(numbered(id));
      await pause(20);
      expect(frameIds(await new Recording(accepted.packets$).count(2))).toEqual([1, 2]);
    });
  });

  describe('a client', () => {
    /** A web server that is none of this protocol. */
    async function stranger(body: string): Promise<number> {
      const server = createServer();
      server.on('upgrade', (_, stream) => {
        stream.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      closedLater(server);
      return (server.address() as AddressInfo).port;
    }

    async function failure(port: number): Promise<string> {
      const { values, error } = await new Recording(webSocket({ port }).connect()).over();
      expect(values).toEqual([]);
      expectFault(error, { kind: 'io', reach: 'connection', origin: 'local' });
      return (error as Error).message;
    }

    it.each([
      ['nothing', '', '403 Forbidden'],
      ['a line', 'go away', '403 Forbidden: go away'],
      ['a page', `<p>\r\n\u0007${'x'.repeat(1000)}`, `403 Forbidden: <p> ${'x'.repeat(196)}`],
    ])('tells what a stranger says: %s', async (_, body, told) => {
      const port = await stranger(body);
      expect(await failure(port)).toBe(
        `cannot connect to ws://127.0.0.1:${port}/: the server answered ${told}`,
      );
    });

    it('tells that a stranger is no web server', async () => {
      const listener = closedLater(await RawListener.listen());
      const attempt = failure(listener.port);
      (await listener.accept()).read().write(Buffer.from('220 mail\r\n'));
      expect(await attempt).toMatch(/^cannot connect to ws:\/\/127\.0\.0\.1:\d+\/: Parse Error/);
    });

    it('tells that a stranger hangs up', async () => {
      const listener = closedLater(await RawListener.listen());
      const attempt = failure(listener.port);
      (await listener.accept()).read().finish();
      expect(await attempt).toMatch(/closed the connection at once; is it a server of this transport\?$/);
    });

    it.each([
      ['before it is answered', ''],
      ['while it is answered', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: web'],
      ['while it is refused', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\n'],
    ])('can be given up %s', async (_, answer) => {
      const listener = closedLater(await RawListener.listen());
      const attempt = new Recording(webSocket({ port: listener.port }).connect());
      const peer = (await listener.accept()).read();
      await peer.receives(1);
      peer.write(Buffer.from(answer));
      await pause(20);
      attempt.subscription.unsubscribe();
      await peer.ended();
      peer.destroy();
      await pause(5);
      expect(attempt.values).toEqual([]);
      expect(attempt.ends).toBe(0);
    });
  });
});
