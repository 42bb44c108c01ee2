import { once } from 'node:events';
import type { Socket } from 'node:net';
import * as nodeTls from 'node:tls';
import type { ListenEndpoint } from '../../../src/transport/endpoint';
import { takenBytes } from '../../../src/transport/tcp/taken-bytes';
import { tcp } from '../../../src/transport/tcp/tcp';
import { tls } from '../../../src/transport/tls/tls';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import { Authority, type Issued } from '../../support/certificates';
import { RawSocket } from '../../support/raw-socket';
import { pause, until } from '../../support/until';
import { FakeGate } from '../fake-gate';
import { UPGRADE } from '../web-socket/raw-web-socket';
import { closedLater, leavesNothingOpen, numbered, Reception } from '../support';

leavesNothingOpen();

const MIB = 1024 * 1024;
let authority: Authority;
let server: Issued;

beforeAll(async () => {
  authority = await Authority.make('CA');
  server = await authority.issue({ name: 'server' });
});

interface Way {
  readonly name: string;
  readonly endpoint: () => ListenEndpoint;
  readonly connect: (port: number) => Promise<RawSocket>;
  /** Whether what is written is never taken in the same turn. */
  readonly isLate?: true;
}

const ways: readonly Way[] = [
  { name: 'TCP', endpoint: () => tcp({ port: 0 }), connect: (port) => RawSocket.connect(port) },
  {
    name: 'TLS',
    isLate: true,
    endpoint: () => tls({ port: 0, ...server }),
    connect: async (port) => {
      const socket = nodeTls.connect({
        port,
        host: '127.0.0.1',
        ca: authority.cert,
        ALPNProtocols: ['nnrp/1'],
      });
      const raw = new RawSocket(socket).read();
      await once(socket, 'secureConnect');
      return raw;
    },
  },
  {
    name: 'WebSocket',
    endpoint: () => webSocket({ port: 0 }),
    connect: async (port) => (await RawSocket.connect(port)).write(UPGRADE),
  },
];

describe.each(ways)('bytes that stay behind over $name', ({ endpoint, connect, isLate }) => {
  async function accept() {
    const gate = new FakeGate();
    const reception = closedLater(new Reception(endpoint().listen({ gate })));
    const { port } = await reception.address();
    const peer = closedLater(await connect(port));
    const transport = await reception.accept();
    return { transport, peer, ticket: gate.tickets[0]! };
  }

  it('are told to the gate, and counted as they are taken, also within one write', async () => {
    const { transport, peer, ticket } = await accept();
    transport.send(numbered(1, 100));
    await until(() => peer.receivedLength > 100, 'the first packet');
    await pause(5);
    expect(ticket.backlogs).toHaveLength(isLate === true ? 1 : 0);
    peer.pause();
    transport.send(numbered(2, 32 * MIB));
    await until(() => (ticket.backlogs.at(-1) ?? 0) > MIB, 'the backlog');
    expect(ticket.backlogs.at(-1)).toBeGreaterThan(32 * MIB);
    await pause(100);
    const [standing, queued, received] = [transport.takenBytes!, transport.queuedBytes, peer.receivedLength];
    await pause(50);
    expect(transport.takenBytes).toBe(standing);
    peer.read();
    await until(() => peer.receivedLength > received + 12 * MIB, 'a part of it');
    peer.pause();
    // The write is not over.
    expect(transport.queuedBytes).toBe(queued);
    expect(transport.takenBytes).toBeGreaterThan(standing + MIB);
    peer.read();
    await until(() => transport.queuedBytes === 0, 'the rest of it', 5_000);
  });
});

it('whole writes are counted where Node does not tell more', () => {
  expect(takenBytes({ bytesWritten: 100, writableLength: 40 } as Socket)).toBe(60);
  const socket = { _handle: {}, bytesWritten: 100, writableLength: 30 } as unknown as Socket;
  expect(takenBytes(socket)).toBe(70);
});
