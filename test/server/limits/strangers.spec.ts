import { createServer, tcp, webSocket, type LimitTripped, type ListenEndpoint } from '../../../src';
import { ConnectionLimits } from '../../../src/server/limits/connection-limits';
import { DEFAULT_SERVER_LIMITS } from '../../../src/server/limits/server-limits';
import { open, probe, submit } from '../../../src/testing';
import { HEADER_LENGTH } from '../../../src/wire/header';
import type { Packet } from '../../../src/wire/packet';
import { bytesOf } from '../../support/packets';
import { RawSocket } from '../../support/raw-socket';
import { pause, until } from '../../support/until';
import { maskedFrame, PING_FRAME, UPGRADE } from '../../transport/web-socket/raw-web-socket';
import { SESSION } from './support';

const ROOM = 16_384;
const MIB = 1024 * 1024;

/** A peer by hand, and the bytes of one packet as it sends them. */
interface Way {
  readonly name: string;
  readonly endpoint: () => ListenEndpoint;
  readonly hello: Uint8Array;
  /** What answers the end that the server has begun; without it, it waits half a second. */
  readonly goodbye: Uint8Array;
  /** The packet in parts of so many bytes, of each of which the server cannot know what follows. */
  readonly parts: (packet: Packet, size: number) => Uint8Array[];
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

function fragments(packet: Packet, size: number): Uint8Array[] {
  const parts = cut(bytesOf(packet), size);
  return parts.map((part, index) =>
    maskedFrame(part, { opcode: index === 0 ? 2 : 0, isLast: index === parts.length - 1 }),
  );
}

const overTcp: Way = {
  name: 'TCP',
  endpoint: () => tcp({ port: 0 }),
  hello: new Uint8Array(0),
  goodbye: new Uint8Array(0),
  parts: (packet, size) => cut(bytesOf(packet), size),
};

const overWebSocket: Way = {
  name: 'WebSocket, in one frame',
  endpoint: () => webSocket({ port: 0 }),
  hello: UPGRADE,
  goodbye: maskedFrame(new Uint8Array(0), { opcode: 8 }),
  parts: (packet, size) => cut(maskedFrame(bytesOf(packet)), size),
};

const inFragments: Way = { ...overWebSocket, name: 'WebSocket, in fragments', parts: fragments };

const withPings: Way = {
  ...overWebSocket,
  name: 'WebSocket, in fragments with pings between',
  parts: (packet, size) => fragments(packet, size).flatMap((part) => [part, PING_FRAME]),
};

const ends: (() => Promise<void>)[] = [];

afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

async function connected({ endpoint, hello }: Way) {
  const server = createServer({ listen: endpoint() });
  const tripped: LimitTripped[] = [];
  server.limits$.subscribe((limit) => tripped.push(limit));
  const [address] = await server.listening();
  const peer = await RawSocket.connect(address!.port);
  ends.push(() => {
    peer.destroy();
    return server.close();
  });
  if (hello.length > 0) peer.write(hello);
  await until(() => server.connectionCount === 1, 'the connection');
  return { server, tripped, peer };
}

/** A SESSION_OPEN that has so many bytes with its header. */
function openOf(bytes: number): Packet {
  const rest = bytesOf(open(SESSION).auth(new Uint8Array(0))).length;
  return open(SESSION).auth(new Uint8Array(bytes - rest));
}

/** Sends part after part until the server has had enough, and returns how many bytes that took. */
async function dribble(
  peer: RawSocket,
  parts: readonly Uint8Array[],
  isOver: () => boolean,
): Promise<number> {
  let sent = 0;
  for (const part of parts) {
    if (isOver()) break;
    peer.write(part);
    sent += part.length;
    await pause(1);
  }
  return sent;
}

const waysThatTell = [overTcp, overWebSocket];
const allWays = [...waysThatTell, inFragments, withPings];

describe.each(allWays)('a stranger over $name', (way) => {
  it('may send 16 KiB in parts', async () => {
    const { server, tripped, peer } = await connected(way);
    await dribble(peer, way.parts(openOf(ROOM), 1000), () => tripped.length > 0);
    await until(() => server.sessionCount === 1, 'the session');
    expect(tripped).toEqual([]);
    // From here on a packet may have more than that.
    const body = new Uint8Array(MIB);
    await dribble(peer, way.parts(submit(SESSION, 1, body), 100_000), () => tripped.length > 0);
    await pause(20);
    expect(tripped).toEqual([]);
    expect(server.connectionCount).toBe(1);
  });

  it.each([
    ['a byte more', openOf(ROOM + 1)],
    ['a SESSION_OPEN of 4 MiB', openOf(4 * MIB)],
    ['a FRAME_SUBMIT of 4 MiB', submit(SESSION, 1, new Uint8Array(4 * MIB))],
  ])('is told why and cut off before it has sent %s', async (_, packet) => {
    const { server, tripped, peer } = await connected(way);
    const before = peer.receivedLength;
    const sent = await dribble(peer, way.parts(packet, 1000), () => tripped.length > 0);
    await until(() => tripped.length > 0, 'the limit');
    expect(tripped).toMatchObject([
      { limit: 'maxOpeningBytesIn', sessionId: undefined, allowed: ROOM, consequence: 'connection-closed' },
    ]);
    expect(tripped[0]!.observed).toBeGreaterThan(ROOM);
    expect(sent).toBeLessThan(2 * ROOM);
    const said = () => Buffer.from(peer.received.subarray(before)).toString('latin1');
    await until(() => said().includes('maxOpeningBytesIn'), 'the last word');
    peer.write(way.goodbye);
    await peer.ended();
    peer.destroy();
    await until(() => server.connectionCount === 0, 'the end');
    expect(tripped).toHaveLength(1);
  });
});

it.each(waysThatTell)('over $name, what a packet will have is judged once it says so', async (way) => {
  const { tripped, peer } = await connected(way);
  const [head] = way.parts(openOf(4 * MIB), 100);
  peer.write(head!);
  await until(() => tripped.length > 0, 'the limit');
  expect(tripped).toMatchObject([{ limit: 'maxOpeningBytesIn', observed: 4 * MIB }]);
});

it.each(allWays)('over $name, what came before counts', async (way) => {
  const { tripped, peer } = await connected(way);
  const first = probe(1, new Uint8Array(10_000));
  const room = ROOM - bytesOf(first).length;
  peer.write(...way.parts(first, 20_000));
  await until(() => peer.receivedLength > 0, 'an answer');
  await pause(5);
  await dribble(peer, way.parts(openOf(room + 1), 1000), () => tripped.length > 0);
  await until(() => tripped.length > 0, 'the limit');
  expect(tripped).toMatchObject([{ limit: 'maxOpeningBytesIn', observed: ROOM + 1 }]);
});

it.each(allWays)('over $name, 50 of them that send all they can hold little', async (way) => {
  const { server, tripped } = await connected(way);
  const [address] = await server.listening();
  const parts = way.parts(submit(SESSION, 1, new Uint8Array(4 * MIB)), 16_000);
  const peers = await Promise.all(Array.from({ length: 50 }, () => RawSocket.connect(address!.port)));
  ends.push(() => {
    for (const peer of peers) peer.destroy();
    return Promise.resolve();
  });
  const before = process.memoryUsage().arrayBuffers;
  for (const peer of peers) peer.write(...(way.hello.length > 0 ? [way.hello] : []), ...parts.slice(0, -1));
  let most = 0;
  const isOver = (): boolean => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    return tripped.length === 50 && server.connectionCount === 1;
  };
  await until(isOver, 'the end of all', 10_000);
  // 200 MiB were to be gathered; reads of 64 KiB that nobody has collected yet are among what there is.
  expect(most).toBeLessThan(48 * MIB);
});

describe('a transport that tells', () => {
  it('no length is judged by what has come', () => {
    const limits = new ConnectionLimits(DEFAULT_SERVER_LIMITS);
    expect(limits.unfinished({ number: 1, bytes: ROOM })).toBeUndefined();
    const excess = { limit: 'maxOpeningBytesIn', observed: ROOM + 1 };
    expect(limits.unfinished({ number: 1, bytes: ROOM + 1 })).toMatchObject(excess);
  });

  it('anything is not judged once there is a session', () => {
    const limits = new ConnectionLimits(DEFAULT_SERVER_LIMITS);
    limits.accepted();
    expect(limits.unfinished({ number: 1, bytes: 4 * MIB, length: 4 * MIB })).toBeUndefined();
  });

  it('a whole packet counts once', () => {
    const limits = new ConnectionLimits(DEFAULT_SERVER_LIMITS);
    const packet = probe(1, new Uint8Array(ROOM - HEADER_LENGTH - 16));
    expect(limits.unfinished({ number: 1, bytes: 50, length: ROOM })).toBeUndefined();
    expect(limits.charge(packet, 'hello', 0)).toBeUndefined();
    expect(limits.unfinished({ number: 2, bytes: 1 })).toBeDefined();
  });
});
