import type { ListenEndpoint } from '../../src/transport/endpoint';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { RawSocket } from '../support/raw-socket';
import { bytesOf } from '../support/packets';
import { pause, until } from '../support/until';
import { FakeGate } from './fake-gate';
import { maskedFrame, PING_FRAME, UPGRADE } from './web-socket/raw-web-socket';
import { closedLater, leavesNothingOpen, numbered, Reception, Recording } from './support';

leavesNothingOpen();

interface Way {
  readonly name: string;
  readonly endpoint: () => ListenEndpoint;
  readonly hello: Uint8Array;
  readonly framed: (bytes: Uint8Array) => Uint8Array;
}

const ways: readonly Way[] = [
  { name: 'TCP', endpoint: () => tcp({ port: 0 }), hello: new Uint8Array(0), framed: (bytes) => bytes },
  { name: 'WebSocket', endpoint: () => webSocket({ port: 0 }), hello: UPGRADE, framed: maskedFrame },
];

async function accept({ endpoint, hello }: Pick<Way, 'endpoint' | 'hello'>) {
  const gate = new FakeGate();
  const reception = closedLater(new Reception(endpoint().listen({ gate })));
  const { port } = await reception.address();
  const peer = closedLater(await RawSocket.connect(port));
  if (hello.length > 0) peer.write(hello);
  const transport = await reception.accept();
  const read = new Recording(transport.packets$);
  return { transport, peer, read, ticket: gate.tickets[0]! };
}

describe.each(ways)('a packet over $name', (way) => {
  const { framed } = way;

  it('that comes in one piece is never unfinished', async () => {
    const { transport, peer, read, ticket } = await accept(way);
    peer.write(framed(bytesOf(numbered(1, 100))), framed(bytesOf(numbered(2, 100))));
    await read.count(2);
    expect(transport.unfinished).toBeUndefined();
    expect(ticket.insidePackets).toBe(0);
  });

  it('that comes in parts is unfinished until the last of them, and told from the next', async () => {
    const { transport, peer, read, ticket } = await accept(way);
    const packetBytes = bytesOf(numbered(1, 1000)).length;
    const overhead = framed(bytesOf(numbered(1, 1000))).length - packetBytes;
    const parts = async (frameId: number): Promise<unknown[]> => {
      const bytes = framed(bytesOf(numbered(frameId, 1000)));
      const seen = [];
      for (let at = 0; at < 900; at += 300) {
        const before = ticket.insidePackets;
        peer.write(bytes.subarray(at, at + 300));
        await until(() => ticket.insidePackets > before, 'a read inside a packet');
        seen.push(transport.unfinished);
      }
      peer.write(bytes.subarray(900));
      await read.count(frameId);
      await pause(2);
      expect(transport.unfinished).toBeUndefined();
      return seen;
    };
    const [first, second] = [await parts(1), await parts(2)];
    // Of the packet: a WebSocket's frame has a head of its own.
    const sizes = [300, 600, 900].map((size) => ({ bytes: size - overhead, length: packetBytes }));
    expect(first).toMatchObject(sizes);
    expect(second).toMatchObject(sizes);
    const numbers = [...first, ...second].map((seen) => (seen as { number: number }).number);
    expect(new Set(numbers).size).toBe(2);
    expect(new Set(numbers.slice(0, 3)).size).toBe(1);
  });
});

describe('a message over WebSocket', () => {
  const way = ways[1]!;
  const payload = bytesOf(numbered(1, 60_000));

  function fragments(count: number): Uint8Array[] {
    const size = Math.ceil(payload.length / count);
    return Array.from({ length: count }, (_, index) =>
      maskedFrame(payload.subarray(index * size, (index + 1) * size), {
        opcode: index === 0 ? 2 : 0,
        isLast: index === count - 1,
      }),
    );
  }

  it('comes in 1,024 fragments', async () => {
    const { peer, read } = await accept(way);
    peer.write(...fragments(1024));
    expect(await read.count(1)).toHaveLength(1);
  });

  it('ends the connection with one more', async () => {
    const { peer, read } = await accept(way);
    peer.write(...fragments(1025));
    const { error } = await read.over();
    expect(String(error)).toContain('Too many message fragments');
  });

  it('stays unfinished while pings come between its fragments', async () => {
    const { transport, peer, read, ticket } = await accept(way);
    const parts = fragments(10);
    const size = Math.ceil(payload.length / 10);
    for (const [index, part] of parts.slice(0, -1).entries()) {
      peer.write(part);
      await until(() => (transport.unfinished?.bytes ?? 0) === (index + 1) * size, 'a fragment');
      const before = ticket.insidePackets;
      peer.write(PING_FRAME);
      await until(() => ticket.insidePackets > before, 'the ping');
      expect(transport.unfinished).toEqual({
        number: 0,
        bytes: (index + 1) * size,
        length: (index + 1) * size,
      });
    }
    peer.write(parts.at(-1)!);
    await read.count(1);
    expect(transport.unfinished).toBeUndefined();
  });
});
