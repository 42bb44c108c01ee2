import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { createServer, tcp, webSocket, type LimitTripped } from '../../../src';
import type { Excess } from '../../../src/server/limits/connection-limits';
import { Lookout } from '../../../src/server/limits/lookout';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from '../../../src/server/limits/server-limits';
import { SlowSenders, type Sender } from '../../../src/server/limits/slow-senders';
import { open, submit } from '../../../src/testing';
import type { Transport } from '../../../src/transport/transport';
import type { UnfinishedPacket } from '../../../src/transport/unfinished-packet';
import { bytesOf } from '../../support/packets';
import { RawSocket } from '../../support/raw-socket';
import { pause, until } from '../../support/until';
import { VirtualTime } from '../../support/virtual-time';
import { maskedFrame, PING_FRAME, UPGRADE } from '../../transport/web-socket/raw-web-socket';
import { SESSION } from './support';

/** A connection of which a test says what has come of a packet. */
class FakeSender implements Sender {
  unfinished: UnfinishedPacket | undefined;
  readonly excesses: Excess[] = [];

  constructor(private readonly senders: SlowSenders) {}

  get transport(): Transport {
    return { unfinished: this.unfinished } as Transport;
  }

  /** A read ends with so much of a packet. */
  has(number: number, bytes: number): this {
    this.unfinished = { number, bytes };
    this.senders.insidePacket(this);
    return this;
  }

  exceeded(excess: Excess): void {
    this.excesses.push(excess);
    this.unfinished = undefined;
  }
}

/** Timers that fire when a test says so, in time or not. */
class HeldTimers implements SchedulerLike {
  readonly delays: number[] = [];
  private time = 1_000_000;
  private readonly works: (() => void)[] = [];
  private readonly soon: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0): Subscription {
    if (delay === 0) this.soon.push(work);
    else {
      this.delays.push(delay);
      this.works.push(work);
    }
    return new Subscription();
  }

  /** So many milliseconds pass, and then the timer fires, and what it does without a delay. */
  fire(ms: number): void {
    this.time += ms;
    this.works.shift()?.();
    while (this.soon.length > 0) this.soon.shift()?.();
  }
}

function watching(limits: Partial<ServerLimits> = {}) {
  const time = new VirtualTime();
  const senders = new SlowSenders({ ...DEFAULT_SERVER_LIMITS, ...limits }, time);
  return { time, senders, sender: () => new FakeSender(senders) };
}

describe('a packet that has begun', () => {
  it('may stand still for less than 5 s, and comes with 1 KiB a second by then', () => {
    const { time, sender } = watching();
    const peer = sender().has(1, 40);
    time.advance(4_999);
    peer.has(1, 5 * 1024);
    time.advance(1);
    expect(peer.excesses).toEqual([]);
    // 5.5 KiB would be due.
    time.advance(500);
    expect(peer.excesses).toEqual([
      { limit: 'minPacketBytesPerSecond', sessionId: undefined, allowed: 1024, observed: 930 },
    ]);
  });

  it('ends the connection where it comes a byte a second', () => {
    const { time, sender } = watching();
    const peer = sender();
    for (let byte = 1; byte <= 5; byte++) {
      peer.has(1, byte);
      time.advance(byte < 5 ? 1_000 : 999);
    }
    expect(peer.excesses).toEqual([]);
    time.advance(1);
    expect(peer.excesses).toMatchObject([{ limit: 'minPacketBytesPerSecond', observed: 1 }]);
  });

  it('is complete in 30 s, however fast it comes', () => {
    const { time, sender } = watching();
    const peer = sender().has(1, 4_000_000);
    time.advance(29_999);
    expect(peer.excesses).toEqual([]);
    time.advance(1);
    expect(peer.excesses).toEqual([
      { limit: 'packetMs', sessionId: undefined, allowed: 30_000, observed: 30_000 },
    ]);
  });

  it('has its own time, also where one follows the other for hours', () => {
    const { time, sender } = watching();
    const peer = sender();
    for (let number = 1; number <= 1000; number++) {
      peer.has(number, 1);
      time.advance(4_000);
    }
    expect(peer.excesses).toEqual([]);
  });

  it.each([
    [{ packetGraceMs: Infinity }, 'packetMs'],
    [{ minPacketBytesPerSecond: 0 }, 'packetMs'],
    [{ minPacketBytesPerSecond: Infinity }, 'packetMs'],
    [{ packetMs: Infinity }, 'minPacketBytesPerSecond'],
  ])('is judged by the other limit with %j', (limits, expected) => {
    const { time, sender } = watching(limits);
    const peer = sender().has(1, 1);
    time.advance(60_000);
    expect(peer.excesses).toMatchObject([{ limit: expected }]);
  });

  it.each([
    ['it is whole', (peer: FakeSender) => (peer.unfinished = undefined)],
    ['the connection is gone', (peer: FakeSender, senders: SlowSenders) => senders.forget(peer)],
  ])('is not watched any more once %s', (_, end) => {
    const { time, sender, senders } = watching();
    expect(time.pendingCount).toBe(0);
    const peers = [sender().has(1, 1), sender().has(1, 1)];
    expect(time.pendingCount).toBe(1);
    for (const peer of peers) end(peer, senders);
    time.advance(1_000);
    expect(time.pendingCount).toBe(0);
    expect(peers.flatMap(({ excesses }) => excesses)).toEqual([]);
  });
});

describe('a lookout', () => {
  it('does not count the time in which the process stood still', () => {
    const timers = new HeldTimers();
    const seen: number[] = [];
    const lookAround = () => (seen.push(lookout.now()) < 3 ? Infinity : undefined);
    const lookout: Lookout = new Lookout(timers, lookAround, 10_000);
    lookout.start();
    const start = lookout.now();
    timers.fire(1_000);
    // Due in a second, and a minute late.
    timers.fire(60_000);
    timers.fire(1_000);
    expect(seen.map((at) => at - start)).toEqual([1_000, 3_000, 4_000]);
    expect(timers.delays).toEqual([1_000, 1_000, 1_000]);
  });
});

describe('a server on TCP', () => {
  const ends: (() => Promise<void>)[] = [];

  afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

  async function served(limits: Partial<ServerLimits>) {
    const server = createServer({ listen: tcp({ port: 0 }), limits });
    const tripped: LimitTripped[] = [];
    const bodies: number[] = [];
    server.limits$.subscribe((limit) => tripped.push(limit));
    server.sessions$.subscribe((session) => {
      session.respond(({ body }) => {
        bodies.push(body.length);
        return body.subarray(0, 1);
      });
    });
    const [address] = await server.listening();
    const peer = await RawSocket.connect(address!.port);
    peer.write(bytesOf(open(SESSION)));
    await until(() => server.sessionCount === 1, 'the session');
    ends.push(() => {
      peer.destroy();
      return server.close();
    });
    return { server, tripped, peer, bodies };
  }

  it('ends a connection that dribbles a packet, and says why', async () => {
    const { tripped, peer, server } = await served({ packetGraceMs: 100 });
    const bytes = bytesOf(submit(SESSION, 1, new Uint8Array(1000)));
    const before = peer.receivedLength;
    for (let at = 0; at < 30 && tripped.length === 0; at++) {
      peer.write(bytes.subarray(at, at + 1));
      await pause(20);
    }
    expect(tripped).toMatchObject([
      { limit: 'minPacketBytesPerSecond', allowed: 1024, consequence: 'connection-closed' },
    ]);
    expect(await peer.ended()).toBe('end');
    expect(Buffer.from(peer.received.subarray(before)).toString('latin1')).toContain(
      'minPacketBytesPerSecond',
    );
    await until(() => server.connectionCount === 0, 'the end');
  });

  it('takes large bodies one behind the other for longer than one packet may take', async () => {
    const { tripped, peer, bodies } = await served({ packetMs: 500, packetGraceMs: 300 });
    const body = new Uint8Array(1_000_000);
    const start = performance.now();
    let sent = 0;
    // Never between packets for longer than it takes to look.
    for (; performance.now() - start < 1200; sent++) {
      const bytes = bytesOf(submit(SESSION, sent + 1, body));
      for (let at = 0; at < bytes.length; at += 250_000) {
        peer.write(bytes.subarray(at, at + 250_000));
        await pause(2);
      }
    }
    expect(tripped).toEqual([]);
    expect(sent).toBeGreaterThan(10);
    expect(new Set(bodies)).toEqual(new Set([1_000_000]));
  });
});

describe('a server on WebSocket', () => {
  /** Sends a fragment after the other, each with as many bytes and a ping behind it; what was tripped, and when. */
  async function dribbled({ bytes, everyMs, forMs }: { bytes: number; everyMs: number; forMs: number }) {
    const server = createServer({ listen: webSocket({ port: 0 }), limits: { packetGraceMs: 500 } });
    const tripped: LimitTripped[] = [];
    server.limits$.subscribe((limit) => tripped.push(limit));
    const received: number[] = [];
    server.sessions$.subscribe((session) => {
      session.respond(({ body }) => {
        received.push(body.length);
        return body.subarray(0, 1);
      });
    });
    const [address] = await server.listening();
    const peer = await RawSocket.connect(address!.port);
    try {
      peer.write(UPGRADE, maskedFrame(bytesOf(open(SESSION))));
      await until(() => server.sessionCount === 1, 'the session');
      const message = bytesOf(submit(SESSION, 1, new Uint8Array(100_000)));
      const start = performance.now();
      let at = 0;
      for (; performance.now() - start < forMs && tripped.length === 0; at += bytes) {
        peer.write(
          maskedFrame(message.subarray(at, at + bytes), { opcode: at === 0 ? 2 : 0, isLast: false }),
        );
        peer.write(PING_FRAME);
        const next = performance.now() + everyMs;
        while (performance.now() < next && tripped.length === 0) await pause(10);
      }
      const tookMs = performance.now() - start;
      peer.write(maskedFrame(message.subarray(at), { opcode: 0 }));
      if (tripped.length === 0) await until(() => received.length === 1, 'the submit');
      else await peer.ended();
      return { tripped, tookMs, received, said: Buffer.from(peer.received).toString('latin1') };
    } finally {
      peer.destroy();
      await server.close();
    }
  }

  it('ends a connection that dribbles byte by byte between pings, after the grace, and says why', async () => {
    const { tripped, tookMs, received, said } = await dribbled({ bytes: 1, everyMs: 100, forMs: 10_000 });
    expect(tripped).toMatchObject([
      { limit: 'minPacketBytesPerSecond', allowed: 1024, consequence: 'connection-closed' },
    ]);
    expect(tookMs).toBeGreaterThan(500);
    // It is looked at from time to time, and the machine has other things to do.
    expect(tookMs).toBeLessThan(1500);
    expect(received).toEqual([]);
    expect(said).toContain('minPacketBytesPerSecond');
  });

  it('takes a message that comes in fragments with pings between, fast enough', async () => {
    const { tripped, received } = await dribbled({ bytes: 2000, everyMs: 100, forMs: 1200 });
    expect(tripped).toEqual([]);
    expect(received).toEqual([100_000]);
  });
});
