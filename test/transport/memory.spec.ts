import { firstValueFrom, queueScheduler, VirtualTimeScheduler } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { memory, memoryPair } from '../../src/transport/memory';
import { closedLater, expectFault, fingerprint, frameIds, leavesNothingOpen, numbered } from './support';
import { Reception, Recording } from './support';
import { describeTransport } from './transport-contract';

leavesNothingOpen();

describe('a memory transport', () => {
  describeTransport({
    heardOfDestroy: 'end',
    async connect({ pressure } = {}) {
      const endpoint = memory(pressure === undefined ? {} : { pressure });
      const reception = closedLater(new Reception(endpoint.listen()));
      return reception.link(endpoint);
    },
  });

  describe('in virtual time', () => {
    let scheduler: VirtualTimeScheduler;

    beforeEach(() => {
      scheduler = new VirtualTimeScheduler();
    });

    it('delivers one task of the scheduler later, and no time later', () => {
      const [left, right] = memoryPair({ scheduler });
      const read = new Recording(right.packets$);
      left.send(numbered(1));
      expect(read.values).toEqual([]);
      scheduler.flush();
      expect(read.values.map(fingerprint)).toEqual([fingerprint(numbered(1))]);
      expect(scheduler.now()).toBe(0);
    });

    it('delivers in the order of sending, the ends of the connection among it', () => {
      const [left, right] = memoryPair({ scheduler });
      const read = new Recording(right.packets$);
      left.send(numbered(1));
      left.send(numbered(2));
      void left.close();
      left.send(numbered(3));
      expect(read.values).toEqual([]);
      scheduler.flush();
      expect(frameIds(read.values)).toEqual([1, 2]);
      expect(read.ends).toBe(1);
      expect(read.error).toBeUndefined();
    });

    it('keeps what comes before the reader, and the end after it', () => {
      const [left, right] = memoryPair({ scheduler });
      left.send(numbered(1));
      left.send(numbered(2));
      void left.close();
      scheduler.flush();
      const read = new Recording(right.packets$);
      expect(frameIds(read.values)).toEqual([1, 2]);
      expect(read.ends).toBe(1);
    });

    it('still hears what the peer sent before it knew of the close', () => {
      const [left, right] = memoryPair({ scheduler });
      const read = new Recording(left.packets$);
      right.send(numbered(1));
      void left.close();
      right.send(numbered(2));
      scheduler.flush();
      expect(frameIds(read.values)).toEqual([1]);
      expect(read.ends).toBe(1);
    });

    it('resolves close when the tasks before it are done', async () => {
      const [left, right] = memoryPair({ scheduler });
      const pressure = new Recording(left.pressure$);
      const closed = left.close();
      expect(pressure.isOver).toBe(false);
      scheduler.flush();
      await closed;
      expect(pressure.isOver).toBe(true);
      await right.close();
    });

    it('lasts while the peer does not read', () => {
      const pressure = { highWaterMark: 100, lowWaterMark: 50 };
      const [left, right] = memoryPair({ scheduler, pressure });
      const highs = new Recording(left.pressure$);
      left.send(numbered(1, 59));
      left.send(numbered(2, 9));
      scheduler.flush();
      expect(left.queuedBytes).toBe(150);
      expect(highs.values).toEqual([false, true]);
      const atFall: number[] = [];
      left.pressure$.subscribe(() => atFall.push(left.queuedBytes));
      new Recording(right.packets$);
      expect(highs.values).toEqual([false, true, false]);
      expect(atFall).toEqual([150, 50]);
      expect(left.queuedBytes).toBe(0);
      expect(right.queuedBytes).toBe(0);
    });

    it('runs within a marble test', () => {
      const test = new TestScheduler((actual, expected) => {
        expect(actual).toEqual(expected);
      });
      test.run(({ cold, expectObservable }) => {
        const [left, right] = memoryPair({ scheduler: test });
        cold('-a-b|', { a: 1, b: 2 }).subscribe({
          next: (id) => {
            left.send(numbered(id));
          },
          complete: () => void left.close(),
        });
        expectObservable(right.packets$).toBe('-a-b|', { a: numbered(1), b: numbered(2) });
        expectObservable(right.pressure$).toBe('a---|', { a: false });
      });
    });

    it('leaves the scheduler nothing to do once it is over', () => {
      const [left, right] = memoryPair({ scheduler });
      new Recording(right.packets$);
      new Recording(left.packets$);
      void left.close();
      scheduler.flush();
      left.destroy();
      right.destroy();
      expect(scheduler.actions).toEqual([]);
    });
  });

  it('keeps the order with a scheduler that runs at once', () => {
    const [left, right] = memoryPair({ scheduler: queueScheduler });
    new Recording(right.packets$, ({ header: { frameId } }) => {
      right.send(numbered(frameId + 100));
    });
    left.send(numbered(1));
    left.send(numbered(2));
    // The reader's answers to what waited are answered while it still takes that.
    const handled: number[] = [];
    const read = new Recording(left.packets$, ({ header: { frameId } }) => {
      if (frameId < 103) left.send(numbered(frameId - 98));
      handled.push(frameId);
    });
    expect(frameIds(read.values)).toEqual([101, 102, 103, 104]);
    expect(handled).toEqual([101, 102, 103, 104]);
  });

  it('copies what is sent', async () => {
    const [left, right] = memoryPair();
    const sent = numbered(1, 3);
    const before = fingerprint(sent);
    left.send(sent);
    sent.body.fill(0);
    const read = new Recording(right.packets$);
    expect((await read.count(1)).map(fingerprint)).toEqual([before]);
  });

  it('names each end by the other', () => {
    const [left, right] = memoryPair();
    expect([left.peer, right.peer]).toEqual(['memory:right', 'memory:left']);
    expect([left.kind, right.kind]).toEqual(['memory', 'memory']);
  });
});

describe('memory', () => {
  it('connects who connects to who listens', async () => {
    const endpoint = memory();
    const reception = new Reception(endpoint.listen());
    expect(await reception.address()).toEqual({ kind: 'memory', host: 'memory', port: 0, url: 'memory:' });
    const first = await reception.link(endpoint);
    const second = await reception.link(endpoint);
    expect([first.accepted.peer, second.accepted.peer]).toEqual(['memory#1', 'memory#2']);
    expect(first.connected.peer).toBe(endpoint.url);
    const read = new Recording(second.accepted.packets$);
    second.connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
  });

  it('refuses a connection while nobody listens', async () => {
    const endpoint = memory();
    const refused = (): Promise<unknown> => new Recording(endpoint.connect()).over();
    const expected = { kind: 'io', reach: 'connection', origin: 'local' } as const;
    expectFault(((await refused()) as { error: unknown }).error, {
      ...expected,
      message: 'cannot connect to memory:: nothing listens there',
    });
    const reception = new Reception(endpoint.listen());
    await firstValueFrom(endpoint.connect());
    reception.subscription.unsubscribe();
    expectFault(((await refused()) as { error: unknown }).error, expected);
  });

  it('leaves what was accepted alive when the listener stops', async () => {
    const endpoint = memory();
    const reception = new Reception(endpoint.listen());
    const { accepted, connected } = await reception.link(endpoint);
    reception.subscription.unsubscribe();
    const read = new Recording(accepted.packets$);
    connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
    expect(read.isOver).toBe(false);
  });
});
