import { LivenessWatch, type KeepAlive, type WatchedPeer } from '../../../src/transport/liveness/keep-alive';
import { SignsOfLife } from '../../../src/transport/liveness/signs-of-life';
import { PausableTime } from '../../support/virtual-time';

/** A peer that answers after a while, over a transport that counts. */
class Peer implements WatchedPeer {
  readonly time = new PausableTime();
  readonly transport = { reads: 0, takenBytes: 0, backlogBytes: 0 };
  readonly asked: number[] = [];
  goneAt: number | undefined;
  canBeAsked = true;
  /** Milliseconds that an answer takes; undefined for a peer that is gone. */
  answersIn: number | undefined;
  private readonly life = new SignsOfLife(this.transport, this.time);

  watch(keepAlive: KeepAlive): LivenessWatch {
    return new LivenessWatch(this, keepAlive, this.time);
  }

  signs(): SignsOfLife {
    this.life.look({ isRead: true });
    return this.life;
  }

  ask(): boolean {
    if (!this.canBeAsked) return false;
    this.asked.push(this.time.now());
    this.says(40);
    if (this.answersIn !== undefined) {
      this.time.schedule(() => {
        this.isHeard();
      }, this.answersIn);
    }
    return true;
  }

  gone(): void {
    this.goneAt ??= this.time.now();
  }

  /** A packet comes. */
  isHeard(): void {
    this.transport.reads += 1;
    this.life.packet();
  }

  /** A part of a packet comes. */
  isReceived(): void {
    this.transport.reads += 1;
  }

  /** This side says something, and the operating system takes it. */
  says(bytes: number): void {
    if (this.transport.backlogBytes === 0) this.transport.takenBytes += bytes;
  }

  /** Lets time pass, with something every so often. */
  pass(ms: number, everyMs = ms, work: () => void = () => undefined): void {
    for (let at = 0; at < ms; at += everyMs) {
      this.time.advance(everyMs);
      work();
    }
  }
}

function peer(fields: Partial<Pick<Peer, 'answersIn' | 'canBeAsked'>> = {}): Peer {
  return Object.assign(new Peer(), fields);
}

describe('LivenessWatch', () => {
  it.each([
    { idleMs: 1000, timeoutMs: 10_000 },
    { idleMs: 1000, timeoutMs: 1000 },
    { idleMs: 1000, timeoutMs: 100 },
  ])('asks a quiet peer every idleMs: %j', (keepAlive) => {
    const quiet = peer({ answersIn: 0 });
    quiet.watch(keepAlive);
    quiet.time.advance(5500);
    expect(quiet.asked).toEqual([1000, 2000, 3000, 4000, 5000]);
    expect(quiet.goneAt).toBeUndefined();
  });

  it.each([
    { idleMs: 15_000, timeoutMs: 10_000 },
    { idleMs: 1000, timeoutMs: 10_000 },
    { idleMs: 10_000, timeoutMs: 1000 },
    { idleMs: 7, timeoutMs: 3 },
  ])('gives a peer up that is not heard for idleMs and timeoutMs: %j', (keepAlive) => {
    const dead = peer();
    dead.watch(keepAlive);
    dead.time.advance(60_000);
    expect(dead.goneAt).toBe(keepAlive.idleMs + keepAlive.timeoutMs);
  });

  it('asks on, every idleMs, while it waits longer for an answer', () => {
    const dead = peer();
    dead.watch({ idleMs: 1000, timeoutMs: 3500 });
    dead.time.advance(60_000);
    expect(dead.asked).toEqual([1000, 2000, 3000, 4000]);
    expect(dead.goneAt).toBe(4500);
  });

  it('is content with an answer that takes almost as long as it may', () => {
    const slow = peer({ answersIn: 999 });
    slow.watch({ idleMs: 2000, timeoutMs: 1000 });
    slow.time.advance(60_000);
    expect(slow.goneAt).toBeUndefined();
  });

  it('hears what comes at the moment at which the peer would be given up', () => {
    const late = peer({ answersIn: 1000 });
    late.watch({ idleMs: 2000, timeoutMs: 1000 });
    late.time.advance(2999);
    expect(late.goneAt).toBeUndefined();
    late.time.advance(60_000);
    expect(late.goneAt).toBeUndefined();
  });

  it('never gives up a peer that cannot be asked, and watches it once it can', () => {
    const quiet = peer({ canBeAsked: false });
    quiet.watch({ idleMs: 1000, timeoutMs: 500 });
    quiet.time.advance(60_000);
    expect(quiet.goneAt).toBeUndefined();
    quiet.canBeAsked = true;
    quiet.time.advance(2500);
    expect(quiet.goneAt).toBeDefined();
  });

  it.each([
    { idleMs: 0, timeoutMs: 10 },
    { idleMs: Infinity, timeoutMs: 10 },
  ])('never asks: %j', (keepAlive) => {
    const quiet = peer();
    quiet.watch(keepAlive);
    expect(quiet.time.pendingCount).toBe(0);
  });

  it('waits for ever where an answer may take for ever', () => {
    const quiet = peer();
    quiet.watch({ idleMs: 1000, timeoutMs: Infinity });
    quiet.time.advance(10_500);
    expect(quiet.asked).toHaveLength(10);
    expect(quiet.goneAt).toBeUndefined();
  });

  it('does nothing once it is unsubscribed', () => {
    const quiet = peer();
    const watch = quiet.watch({ idleMs: 1000, timeoutMs: 500 });
    quiet.time.advance(1200);
    watch.unsubscribe();
    quiet.time.advance(5000);
    expect(quiet.goneAt).toBeUndefined();
    expect(quiet.time.pendingCount).toBe(0);
  });
});

describe('a sign of life', () => {
  const keepAlive = { idleMs: 15_000, timeoutMs: 10_000 };

  it('is a part of a packet that comes', () => {
    const slow = peer();
    slow.watch(keepAlive);
    slow.pass(120_000, 1000, () => {
      slow.isReceived();
    });
    expect(slow.goneAt).toBeUndefined();
  });

  it('is what a peer takes of what waits for it', () => {
    const slow = peer();
    slow.watch(keepAlive);
    slow.transport.backlogBytes = 4_000_000;
    slow.pass(120_000, 1000, () => {
      slow.transport.takenBytes += 30_000;
      slow.transport.backlogBytes -= 30_000;
    });
    expect(slow.goneAt).toBeUndefined();
    expect(slow.transport.backlogBytes).toBeGreaterThan(0);
  });

  it('is not what the operating system takes', () => {
    const dead = peer();
    dead.watch(keepAlive);
    dead.pass(60_000, 1000, () => {
      dead.says(100);
    });
    expect(dead.goneAt).toBe(25_000);
  });

  it('is not what waits and is not taken', () => {
    const dead = peer();
    dead.transport.backlogBytes = 4_000_000;
    dead.watch(keepAlive);
    dead.pass(60_000, 1000);
    expect(dead.goneAt).toBe(25_000);
  });

  it('is given to a peer that is heard all the time and hears nothing, once an idleMs', () => {
    const talking = peer();
    talking.watch(keepAlive);
    talking.pass(120_000, 500, () => {
      talking.isReceived();
    });
    const gaps = talking.asked.map((at, index) => at - (talking.asked[index - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(15_000);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(7_500);
    expect(talking.goneAt).toBeUndefined();
  });

  it('is not asked for, nor given, where both sides talk', () => {
    const talking = peer();
    talking.watch(keepAlive);
    talking.pass(120_000, 500, () => {
      talking.isHeard();
      talking.says(20);
    });
    expect(talking.asked).toEqual([]);
  });
});

describe('a process that stood still', () => {
  const keepAlive = { idleMs: 15_000, timeoutMs: 10_000 };

  it.each([0, 14_000, 15_500, 20_000, 24_900])('gives its peer time to answer, paused at %d ms', (at) => {
    // It stood still, too, and answers a second after both go on.
    const paused = peer();
    paused.watch(keepAlive);
    paused.time.advance(at);
    paused.time.standStill(600_000);
    paused.time.schedule(() => {
      paused.answersIn = 50;
      paused.isHeard();
    }, 1000);
    paused.time.advance(120_000);
    expect(paused.goneAt).toBeUndefined();
  });

  it('notices a peer that is gone all the same', () => {
    const dead = peer();
    dead.watch(keepAlive);
    dead.time.advance(16_000);
    dead.time.standStill(600_000);
    dead.time.advance(10_000);
    expect(dead.goneAt).toBeDefined();
  });
});
