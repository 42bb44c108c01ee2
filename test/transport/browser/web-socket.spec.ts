import { lastValueFrom, reduce } from 'rxjs';
import { WebSocket as PlatformWebSocket } from 'undici';
import { createServer, decodeText } from '../../../src';
import { connect } from '../../../src/connect-browser';
import {
  createServer as absentServer,
  tcp as absentTcp,
  ipc as absentIpc,
} from '../../../src/transport/browser/absent';
import { webSocket as browserWebSocket } from '../../../src/transport/browser/web-socket';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import type { SocketTransportOptions } from '../../../src/transport/socket-options';
import { encodePacket } from '../../../src/wire/encode-packet';
import { pause, until } from '../../support/until';
import {
  closedLater,
  expectFault,
  frameIds,
  leavesNothingOpen,
  numbered,
  Reception,
  Recording,
} from '../support';
import { describeTransport } from '../transport-contract';
import { WebSocketListener } from '../web-socket/web-socket-peer';

// The WebSocket of browsers as a library has it; in a browser itself, see test/browser.
const platform = globalThis as { WebSocket?: unknown };
const before = platform.WebSocket;

beforeAll(() => (platform.WebSocket = PlatformWebSocket));
afterAll(() => (platform.WebSocket = before));
leavesNothingOpen();

/** As the text of an error. */
const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string;

describe("the platform's WebSocket as a transport", () => {
  describeTransport(
    {
      heardOfDestroy: 'io',
      destroyingCloses: true,
      async connect(given = {}) {
        const options = { closeTimeoutMs: 500, ...given };
        const reception = closedLater(new Reception(webSocket({ port: 0, ...options }).listen()));
        const { port } = await reception.address();
        const link = await reception.link(browserWebSocket({ port, ...options }));
        closedLater(link.connected);
        return link;
      },
    },
    ['connected'],
  );

  async function connected(options: Partial<SocketTransportOptions> = {}) {
    const listener = closedLater(await WebSocketListener.listen());
    const { values } = await new Recording(
      browserWebSocket({ port: listener.port, ...options }).connect(),
    ).over();
    const transport = closedLater(values[0]!);
    return { transport, peer: await listener.accept() };
  }

  it('ends the connection at a text message', async () => {
    const { transport, peer } = await connected();
    const read = new Recording(transport.packets$);
    peer.socket.send('hello');
    expectFault((await read.over()).error, {
      kind: 'protocol',
      reach: 'connection',
      origin: 'peer',
      message: matching(/text message/),
    });
    expect(await peer.closed()).toBe(1005);
  });

  it('ends the connection at a message that is no packet, or one above its limits', async () => {
    for (const message of [Uint8Array.of(1, 2, 3), encodePacket(numbered(1, 2000))]) {
      const { transport, peer } = await connected({ limits: { maxBodyBytes: 1000 } });
      const read = new Recording(transport.packets$);
      peer.socket.send(message);
      expectFault((await read.over()).error, { kind: 'protocol', reach: 'connection', origin: 'peer' });
    }
  });

  it('keeps what comes before it is read, as much as one packet may have', async () => {
    const { transport, peer } = await connected({ limits: { maxBodyBytes: 1000 } });
    peer.socket.send(encodePacket(numbered(1, 500)));
    await pause(20);
    expect(frameIds(await new Recording(transport.packets$).count(1))).toEqual([1]);

    const other = await connected({ limits: { maxBodyBytes: 1000 } });
    for (let frameId = 1; frameId <= 3; frameId++)
      other.peer.socket.send(encodePacket(numbered(frameId, 500)));
    await other.peer.closed();
    const { error } = await new Recording(other.transport.packets$).over();
    expectFault(error, {
      kind: 'protocol',
      reach: 'connection',
      origin: 'peer',
      message: matching(/more than is read/),
    });
  });

  it('closes within its limit where the server never does', async () => {
    const { transport, peer } = await connected({ closeTimeoutMs: 50 });
    peer.socket.pause();
    const read = new Recording(transport.packets$);
    await transport.close();
    expect((await read.over()).error).toBeUndefined();
  });

  it('counts what it has sent', async () => {
    const { transport, peer } = await connected();
    transport.send(numbered(1, 100));
    await peer.received(1);
    await until(() => transport.takenBytes === encodePacket(numbered(1, 100)).length, 'the bytes');
    expect(transport.queuedBytes).toBe(0);
  });

  it('names the place where nobody answers', async () => {
    const { error } = await new Recording(browserWebSocket({ port: 1 }).connect()).over();
    expectFault(error, {
      kind: 'io',
      reach: 'connection',
      origin: 'local',
      message: matching(/cannot connect to ws:.*is the server running/),
    });
  });

  it('names an option that is none', () => {
    expect(() => browserWebSocket({ port: 1, origins: [] } as never)).toThrow(/origins/);
    expect(() => browserWebSocket({ port: 1, tls: { ca: 'x' } })).toThrow(/ca/);
  });

  it('says what is missing where the platform has none', async () => {
    platform.WebSocket = undefined;
    const { error } = await new Recording(browserWebSocket({ port: 1 }).connect()).over();
    platform.WebSocket = PlatformWebSocket;
    expectFault(error, {
      kind: 'io',
      reach: 'connection',
      origin: 'local',
      message: matching(/no WebSocket of its own/),
    });
  });
});

describe('in a page', () => {
  it('a session is opened by a URL, and answers', async () => {
    const server = createServer({ listen: webSocket({ port: 0, path: '/nnrp' }) });
    server.sessions$.subscribe((session) => session.respond(() => ['Call ', 'me']));
    const [address] = await server.listening();
    const client = await connect(address!.url);
    const session = await client.openSession();
    const text = await lastValueFrom(
      session.submit({ body: new Uint8Array() }).pipe(
        decodeText(),
        reduce((a, b) => a + b, ''),
      ),
    );
    expect(text).toBe('Call me');
    await client.close();
    await server.close();
  });

  it('what needs sockets says so', () => {
    expect(() => absentServer()).toThrow(/createServer listens, which no page can/);
    expect(() => absentTcp()).toThrow(/connect with webSocket or a ws:/);
    expect(() => absentIpc()).toThrow(/^ipc needs a socket, which no page has;/);
  });
});
