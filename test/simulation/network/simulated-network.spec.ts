import fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { PERFECT, type FaultKind, type NetworkConditions } from './conditions';
import { elapse } from '../time/elapse';
import { Random } from '../random';
import { SimulatedNetwork } from './simulated-network';
import { SimulatedTransport } from './simulated-transport';
import { VirtualScheduler } from '../time/virtual-scheduler';
import type { Transport } from '../../../src/transport/transport';
import { MessageType } from '../../../src/wire/message-type';
import { encodePacket } from '../../../src/wire/encode-packet';
import {
  expectFault,
  fingerprint,
  frameIds,
  numbered,
  Reception,
  Recording,
  type Link,
} from '../../transport/support';

const NOTHING: NetworkConditions['faults'] = { reset: 0, truncate: 0, silence: 0, stall: 0 };
const HALF_DUPLEX = 40 + 1;

/** A network in virtual time, and what happened on it. */
class Net {
  readonly scheduler = new VirtualScheduler();
  readonly log: string[] = [];
  readonly network: SimulatedNetwork;
  readonly endpoint;
  readonly reception: Reception;
  private readonly latestMs: number;

  constructor(conditions: Partial<NetworkConditions> = {}, seed = 1, precious?: MessageType) {
    const { scheduler } = this;
    this.latestMs = (conditions.latencyMs ?? PERFECT.latencyMs)[1];
    this.network = new SimulatedNetwork({
      scheduler,
      random: new Random(seed),
      conditions: { ...PERFECT, ...conditions },
      isPrecious: ({ header }) => header.messageType === precious,
      watcher: {
        connected: ({ connectionId }) => this.log.push(`connected ${connectionId}`),
        notConnected: (_url, why) => this.log.push(why),
        broken: (connectionId, how) => this.log.push(`${how} ${connectionId}`),
        ended: ({ side }) => this.log.push(`${side} ended`),
        delivered: ({ side }, { header }) => this.log.push(`${side} has ${header.frameId}`),
      },
    });
    this.endpoint = this.network.endpoint('tcp');
    this.reception = new Reception(this.endpoint.listen());
  }

  elapse(ms: number): Promise<void> {
    return elapse(this.scheduler, ms);
  }

  async link(): Promise<Link> {
    const connecting = firstValueFrom(this.endpoint.connect());
    await this.elapse(this.latestMs + 1);
    const accepted = this.reception.transports.at(-1);
    if (accepted === undefined) throw new Error('nothing was accepted');
    return { connected: await connecting, accepted };
  }
}

/** Breaks every connection at a fixed time after it began. */
const breaking = (how: FaultKind, atMs: number): Partial<NetworkConditions> => ({
  faults: { ...NOTHING, [how]: 1 },
  lifetimeMs: [atMs, atMs],
});

const sendAll = (transport: Transport, count: number, bytes = 30): void => {
  for (let id = 1; id <= count; id++) transport.send(numbered(id, bytes));
};

describe('a simulated network', () => {
  it('delivers in order, whatever the latencies and however it cuts what is sent into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.nat(200), { minLength: 1, maxLength: 12 }),
        async (seed, lengths) => {
          const net = new Net({ latencyMs: [0, 30], splitChance: 0.8 }, seed);
          const { connected, accepted } = await net.link();
          const read = new Recording(accepted.packets$);
          const sent = lengths.map((length, index) => numbered(index + 1, length));
          for (const each of sent) {
            connected.send(each);
            await net.elapse(3);
          }
          await net.elapse(1000);
          expect(read.values.map(fingerprint)).toEqual(sent.map(fingerprint));
          expect(connected.queuedBytes).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('takes as long as it says', async () => {
    const net = new Net({ latencyMs: [7, 7] });
    const connecting = new Recording(net.endpoint.connect());
    await net.elapse(6);
    expect(connecting.values).toEqual([]);
    await net.elapse(1);
    expect(connecting.values).toHaveLength(1);
    const read = new Recording(net.reception.transports[0]!.packets$);
    connecting.values[0]?.send(numbered(1));
    await net.elapse(6);
    expect([read.values.length, connecting.values[0]?.queuedBytes]).toEqual([0, HALF_DUPLEX]);
    await net.elapse(1);
    expect(frameIds(read.values)).toEqual([1]);
  });

  it.each<[FaultKind, string]>([
    ['reset', 'reset by the peer'],
    ['truncate', 'ended inside a packet'],
    ['silence', 'reset by the peer'],
  ])('%s: breaks at any byte, and what came before it is whole', async (how, message) => {
    const received = new Set<number>();
    const messages = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const net = new Net({ ...breaking(how, 10), latencyMs: [4, 4], silenceMs: [50, 50] }, seed);
      const { connected, accepted } = await net.link();
      const read = new Recording(accepted.packets$);
      const atClient = new Recording(connected.packets$);
      // On their way when it happens.
      await net.elapse(7);
      sendAll(connected, 5);
      await net.elapse(1000);
      expect(frameIds(read.values)).toEqual(
        Array.from({ length: read.values.length }, (_, index) => index + 1),
      );
      expect([read.ends, atClient.ends]).toEqual([1, 1]);
      received.add(read.values.length);
      messages.add(read.error instanceof Error ? read.error.message : 'a clean end');
      if (read.error !== undefined)
        expectFault(read.error, { kind: 'io', reach: 'connection', origin: 'peer' });
      expect([net.network.openCount, net.scheduler.pendingCount]).toEqual([0, 0]);
    }
    expect(received.size).toBeGreaterThan(3);
    expect([...messages].some((text) => text.includes(message))).toBe(true);
  });

  it('silence: nobody hears of it for long, nothing arrives, and healing tells', async () => {
    const net = new Net({ ...breaking('silence', 10), silenceMs: [500, 500] });
    const { connected, accepted } = await net.link();
    const read = new Recording(accepted.packets$);
    const atClient = new Recording(connected.packets$);
    await net.elapse(50);
    expect(net.log).toContain('silence 1');
    sendAll(connected, 2);
    await net.elapse(100);
    expect([read.values.length, read.isOver, atClient.isOver]).toEqual([0, false, false]);
    net.network.heal();
    await net.elapse(5);
    expect([read.isOver, atClient.isOver, net.network.openCount]).toEqual([true, true, 0]);
  });

  it('stall: nothing arrives for a while, and then everything', async () => {
    // Only after connecting, and once within the test.
    const net = new Net({ faults: { ...NOTHING, stall: 1 }, lifetimeMs: [20, 20], stallMs: [60, 60] }, 3);
    const { connected, accepted } = await net.link();
    const times: number[] = [];
    new Recording(accepted.packets$, () => times.push(net.scheduler.now()));
    for (let id = 1; id <= 40; id++) {
      connected.send(numbered(id));
      await net.elapse(5);
    }
    net.network.heal();
    await net.elapse(20);
    expect(times).toHaveLength(40);
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    expect(Math.max(...gaps)).toBeGreaterThanOrEqual(50);
    expect(net.log.filter((line) => line === 'stall 1').length).toBeGreaterThan(0);
  });

  it('breaks no connection that is made after it is healed', async () => {
    const net = new Net(
      { ...breaking('reset', 5), lastPacketChance: 1, refuseChance: 1, ignoreChance: 1 },
      1,
      MessageType.FrameSubmit,
    );
    net.network.heal();
    const { connected, accepted } = await net.link();
    const read = new Recording(accepted.packets$);
    sendAll(connected, 3);
    await net.elapse(1000);
    expect(frameIds(read.values)).toEqual([1, 2, 3]);
    expect(net.log.filter((line) => line.startsWith('reset'))).toEqual([]);
  });

  it('breaks with a packet that is precious: with all of it, with none, or inside', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const net = new Net({ lastPacketChance: 1 }, seed, MessageType.FrameSubmit);
      const { connected, accepted } = await net.link();
      const read = new Recording(accepted.packets$);
      sendAll(connected, 3);
      await net.elapse(2000);
      expect(read.ends).toBe(1);
      expect(read.values.length).toBeLessThanOrEqual(1);
      seen.add(`${read.values.length} ${read.error instanceof Error ? 'broken' : 'ended'}`);
    }
    expect([...seen].sort()).toEqual(['0 broken', '0 ended', '1 broken', '1 ended']);
  });

  it('refuses, or answers nothing, and nobody listens where nobody does', async () => {
    const refusing = new Net({ refuseChance: 1 });
    const refused = new Recording(refusing.endpoint.connect());
    await refusing.elapse(10);
    expectFault(refused.error, { kind: 'io', reach: 'connection', origin: 'local' });
    const ignoring = new Net({ ignoreChance: 1 });
    const ignored = new Recording(ignoring.endpoint.connect());
    await ignoring.elapse(10_000);
    expect([ignored.ends, ignoring.log]).toEqual([0, ['ignored']]);
    const deserted = new Net();
    deserted.reception.close();
    const alone = new Recording(deserted.endpoint.connect());
    await deserted.elapse(10);
    expectFault(alone.error, { kind: 'io' });
    expect(deserted.log).toEqual(['refused']);
  });

  it('connects nobody who does not want to any more', async () => {
    const net = new Net();
    net.endpoint.connect().subscribe().unsubscribe();
    await net.elapse(10);
    expect([net.log, net.network.openCount]).toEqual([[], 0]);
  });

  it('knows who is connected, who reads, and what is on its way', async () => {
    const net = new Net({ latencyMs: [4, 4] });
    const { connected, accepted } = await net.link();
    expect([net.network.openCount, net.network.servedCount]).toEqual([1, 0]);
    const read = new Recording(accepted.packets$);
    new Recording(connected.packets$);
    connected.send(numbered(1, 9));
    expect([
      net.network.servedCount,
      net.network.queuedBytes('client'),
      net.network.queuedBytes('server'),
    ]).toEqual([1, encodePacket(numbered(1, 9)).length, 0]);
    await net.elapse(10);
    expect([read.values.length, net.network.queuedBytes('client')]).toEqual([1, 0]);
    expect(connected).toBeInstanceOf(SimulatedTransport);
    const closed = connected.close();
    await net.elapse(20);
    await closed;
    expect([net.network.openCount, net.network.servedCount, net.scheduler.pendingCount]).toEqual([0, 0, 0]);
    expect(net.log).toEqual(['connected 1', 'server has 1', 'server ended', 'client ended']);
  });

  it('cuts off who does not end their side', async () => {
    const net = new Net({ closeTimeoutMs: 200 });
    const { connected } = await net.link();
    const closed = connected.close();
    await net.elapse(199);
    expect(net.log).not.toContain('client ended');
    await net.elapse(1);
    await closed;
    expect(net.log).toContain('client ended');
  });
});
