import { firstValueFrom, mergeMap, timer } from 'rxjs';
import { open, submit } from '../../../src/testing';
import type { Excess } from '../../../src/server/limits/connection-limits';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from '../../../src/server/limits/server-limits';
import { SlowReaders, type Reader } from '../../../src/server/limits/slow-readers';
import type { Transport } from '../../../src/transport/transport';
import { settled } from '../../support/async';
import { pause } from '../../support/until';
import { endServed } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';
import { serveInVirtualTime, SESSION } from './support';

afterEach(endServed);

const MIB = 1024 * 1024;

/** A connection of which a test says what waits and what was taken. */
class FakeReader implements Reader {
  queuedBytes = 0;
  takenBytes: number | undefined = 0;
  readonly cuts: Excess[] = [];

  constructor(private readonly readers: SlowReaders) {}

  get transport(): Transport {
    const { queuedBytes, takenBytes } = this;
    return { queuedBytes, ...(takenBytes === undefined ? {} : { takenBytes }) } as Transport;
  }

  /** So much waits from now on, and the transport says so. */
  has(queuedBytes: number): this {
    this.queuedBytes = queuedBytes;
    this.readers.backlogged(this, queuedBytes);
    return this;
  }

  cutOff(excess: Excess): void {
    this.cuts.push(excess);
    this.queuedBytes = 0;
  }
}

function watching(limits: Partial<ServerLimits> = {}) {
  const time = new VirtualTime();
  const readers = new SlowReaders({ ...DEFAULT_SERVER_LIMITS, ...limits }, time);
  return { time, readers, reader: () => new FakeReader(readers) };
}

describe('a peer with bytes to read', () => {
  it('may have 16 MiB, and is cut at once with a byte more', () => {
    const { reader } = watching();
    const peer = reader().has(16 * MIB);
    expect(peer.cuts).toEqual([]);
    peer.has(16 * MIB + 1);
    const allowed = 16 * MIB;
    expect(peer.cuts).toEqual([
      { limit: 'maxUnreadBytes', sessionId: undefined, allowed, observed: allowed + 1 },
    ]);
  });

  it('may have 8 MiB for ever, as long as it takes some of it every 9 s', () => {
    const { time, reader } = watching();
    const peer = reader().has(8 * MIB);
    for (let round = 0; round < 20; round++) {
      time.advance(9_000);
      peer.takenBytes = round + 1;
    }
    expect(peer.cuts).toEqual([]);
  });

  it('may have more for 9 s, and is cut after 10, though it takes some', () => {
    const { time, reader } = watching();
    const peer = reader().has(8 * MIB + 1);
    for (let second = 1; second <= 9; second++) {
      peer.takenBytes = second * 1000;
      time.advance(1000);
    }
    expect(peer.cuts).toEqual([]);
    peer.takenBytes = 10_000;
    time.advance(1000);
    expect(peer.cuts).toMatchObject([
      { limit: 'maxLastingUnreadBytes', allowed: 8 * MIB, observed: 8 * MIB + 1 },
    ]);
  });

  it('has 10 s again once it was down to 8 MiB', () => {
    const { time, reader } = watching();
    const peer = reader().has(12 * MIB);
    time.advance(9_000);
    peer.takenBytes = 4 * MIB;
    peer.has(8 * MIB).has(12 * MIB);
    time.advance(9_000);
    expect(peer.cuts).toEqual([]);
    peer.takenBytes += 1;
    time.advance(1_000);
    expect(peer.cuts).toMatchObject([{ limit: 'maxLastingUnreadBytes' }]);
  });

  it('is cut where it takes nothing for 10 s, however little it is', () => {
    const { time, reader } = watching();
    const peer = reader().has(1);
    time.advance(9_999);
    expect(peer.cuts).toEqual([]);
    time.advance(1);
    expect(peer.cuts).toEqual([
      { limit: 'unreadMs', sessionId: undefined, allowed: 10_000, observed: 10_000 },
    ]);
  });

  it('is seen to take some by what is queued, where its transport does not count', () => {
    const { time, reader } = watching();
    const peer = reader();
    peer.takenBytes = undefined;
    peer.has(1000);
    time.advance(9_000);
    peer.queuedBytes = 999;
    time.advance(9_999);
    expect(peer.cuts).toEqual([]);
    // It was seen to, a second later at most.
    time.advance(1_001);
    expect(peer.cuts).toMatchObject([{ limit: 'unreadMs' }]);
  });

  it.each([
    ['all is taken', (peer: FakeReader) => (peer.queuedBytes = 0)],
    ['the connection is gone', (peer: FakeReader, readers: SlowReaders) => readers.forget(peer)],
  ])('is not watched any more once %s', (_, end) => {
    const { time, reader, readers } = watching();
    expect(time.pendingCount).toBe(0);
    const [first, second] = [reader().has(1), reader().has(1)];
    expect(time.pendingCount).toBe(1);
    end(first, readers);
    end(second, readers);
    time.advance(1_000);
    expect(time.pendingCount).toBe(0);
  });

  it('is never cut by a limit that is switched off', () => {
    const off = { unreadMs: Infinity, maxUnreadBytes: Infinity, maxTotalUnreadBytes: Infinity };
    const { time, reader } = watching(off);
    const peer = reader().has(2 ** 40);
    time.advance(1_000_000);
    expect(peer.cuts).toEqual([]);
  });
});

describe('all peers together', () => {
  it('may have 512 MiB; of more, the one with the most is cut', () => {
    const { reader } = watching();
    const peers = Array.from({ length: 36 }, () => reader().has(14 * MIB));
    const heavy = reader().has(8 * MIB);
    expect(peers.flatMap(({ cuts }) => cuts)).toEqual([]);
    peers[7]!.has(15 * MIB);
    const allowed = 512 * MIB;
    expect(peers[7]!.cuts).toEqual([
      { limit: 'maxTotalUnreadBytes', sessionId: undefined, allowed, observed: 513 * MIB },
    ]);
    expect([...peers, heavy].flatMap(({ cuts }) => cuts)).toHaveLength(1);
  });

  it('are looked at again before one is cut: what was read meanwhile does not count', () => {
    const { reader } = watching({ maxTotalUnreadBytes: 1000 });
    const [first, second] = [reader().has(600), reader().has(400)];
    first.queuedBytes = 100;
    second.has(500);
    expect([first, second].flatMap(({ cuts }) => cuts)).toEqual([]);
    second.has(901);
    expect(second.cuts).toMatchObject([{ limit: 'maxTotalUnreadBytes', observed: 1001 }]);
  });
});

describe('a server', () => {
  async function unread(answer: number, limits: Partial<ServerLimits> = {}, parts = 1) {
    const { served, time } = serveInVirtualTime({ limits });
    served.server.sessions$.subscribe((session) => {
      session.respond(() =>
        timer(0, time).pipe(mergeMap(() => Array.from({ length: parts }, () => new Uint8Array(answer)))),
      );
    });
    const peer = await firstValueFrom(served.listen.connect());
    peer.send(open(SESSION));
    peer.send(submit(SESSION, 1));
    await pause(5);
    // The answer's timer.
    time.advance(0);
    await settled();
    return { served, time, peer };
  }

  it('cuts a peer that reads nothing after 10 s, and tells which and why', async () => {
    const { served, time } = await unread(1000);
    expect(served.server.usage.queuedBytes).toBeGreaterThan(1000);
    time.advance(9_999);
    expect(served.limits).toEqual([]);
    expect(served.server.connectionCount).toBe(1);
    time.advance(1_001);
    await settled();
    expect(served.limits).toEqual([
      {
        limit: 'unreadMs',
        peer: 'memory#1',
        sessionId: undefined,
        allowed: 10_000,
        observed: 10_000,
        consequence: 'connection-closed',
      },
    ]);
    expect(served.server).toMatchObject({ connectionCount: 0, sessionCount: 0 });
    expect(time.pendingCount).toBe(0);
  });

  it('cuts it at once where it has too much', async () => {
    const { served } = await unread(9_000, { maxUnreadBytes: 10_000 }, 2);
    expect(served.limits).toMatchObject([{ limit: 'maxUnreadBytes', allowed: 10_000 }]);
    expect(served.limits[0]?.observed).toBeGreaterThan(18_000);
    expect(served.server.connectionCount).toBe(0);
  });

  it('lets it be where it begins to read in time', async () => {
    const { served, time, peer } = await unread(1000);
    time.advance(9_000);
    const reading = peer.packets$.subscribe({ error: () => undefined });
    await settled();
    time.advance(60_000);
    expect(served.limits).toEqual([]);
    expect(served.server.connectionCount).toBe(1);
    expect(reading.closed).toBe(false);
  });
});
