import fc from 'fast-check';
import { NEVER } from 'rxjs';
import { Admission } from '../../../../src/server/session/submits/admission/admission';
import type { QueueLimits } from '../../../../src/server/options';
import { ReceivedSubmit, type OperationControl } from '../../../../src/server/session/submits/submit';
import { FrameSubmitMetadata } from '../../../../src/wire/messages/frame-submit';
import { MessageType } from '../../../../src/wire/message-type';
import { packet } from '../../../../src/wire/packet';

const nobody: OperationControl = {
  pressure$: NEVER,
  relate: () => undefined,
  move: () => undefined,
  giveUp: () => undefined,
  keepSlot: () => undefined,
  freeSlot: () => undefined,
  session: { sender: { degrade: () => undefined } },
  callTool: () => Promise.resolve(),
  endCalls: () => undefined,
  subscriberFailed: () => undefined,
};

function submit(frameId: number, bytes = 1): ReceivedSubmit {
  const whole = packet(
    { messageType: MessageType.FrameSubmit, sessionId: 1, frameId },
    FrameSubmitMetadata.encode(FrameSubmitMetadata.of()),
    new Uint8Array(bytes),
  );
  return new ReceivedSubmit(whole, { objects: [], arrivedAt: 0, deadline: Infinity }, nobody);
}

/** An admission, and a session that does what it says. */
class Door {
  isOpen = true;
  readonly delivered: number[] = [];
  onDeliver: (frameId: number) => void = () => undefined;
  readonly admission: Admission;
  /** Those that have not ended, as a session keeps them. */
  private readonly submits = new Map<number, ReceivedSubmit>();
  private isStarting = false;

  constructor(maxInFlight: number, limits: Partial<QueueLimits> = {}) {
    const queue = { maxSubmits: 100, maxBytes: 1000, ...limits };
    this.admission = new Admission(maxInFlight, queue, { isWatched: () => this.isOpen }, this);
  }

  offer(frameId: number, bytes?: number): 'start' | 'wait' | 'refuse' {
    const offered = submit(frameId, bytes);
    this.submits.set(frameId, offered);
    const verdict = this.admission.offer(offered);
    if (verdict === 'refuse') this.submits.delete(frameId);
    if (verdict === 'start') this.deliver(frameId);
    return verdict;
  }

  startNext(): void {
    if (this.isStarting) return;
    this.isStarting = true;
    try {
      for (let next = this.admission.next(); next !== undefined; next = this.admission.next()) {
        this.deliver(next.frameId);
      }
    } finally {
      this.isStarting = false;
    }
  }

  private deliver(frameId: number): void {
    this.delivered.push(frameId);
    this.onDeliver(frameId);
  }

  /** An operation ends and leaves its slot empty, once all have heard of it. */
  take(frameId: number, tell: () => void = () => undefined): void {
    const ended = this.submits.get(frameId)!;
    this.admission.take(ended);
    tell();
    this.admission.left(ended);
    this.submits.delete(frameId);
  }

  /** All of them end. */
  takeAll(): void {
    for (const frameId of [...this.submits.keys()]) this.take(frameId);
  }

  /** Those that wait end. */
  clearQueue(): number[] {
    const waiting = this.admission.clearQueue().map(({ frameId }) => frameId);
    for (const frameId of waiting) this.submits.delete(frameId);
    return waiting;
  }

  /** An operation ends, as its session would have it. */
  end(frameId: number): void {
    this.take(frameId);
    this.startNext();
  }
}

describe('Admission', () => {
  it('copies the body of a submit that waits where it would keep a larger buffer alive, and no other', () => {
    const door = new Door(1, { maxBytes: 100_000 });
    const views = [1, 2, 3].map((frameId) => {
      // One of many that came with one read.
      const body = new Uint8Array(65_536).fill(frameId).subarray(100, frameId === 3 ? 40_100 : 150);
      const { header } = submit(frameId);
      const context = { objects: [], arrivedAt: 0, deadline: Infinity };
      return new ReceivedSubmit({ header, metadata: new Uint8Array(0), body }, context, nobody);
    });
    expect(views.map((view) => door.admission.offer(view))).toEqual(['start', 'wait', 'wait']);
    expect(views.map(({ body }) => body.buffer.byteLength)).toEqual([65_536, 50, 65_536]);
    expect(views.map(({ body }) => body[0])).toEqual([1, 2, 3]);
    expect(door.admission.queuedCount).toBe(2);
  });

  it('gives the slot of one that has ended to nobody before all have heard of it, and may have kept it', () => {
    const door = new Door(2);
    for (const id of [1, 2, 3, 4]) door.offer(id);
    door.take(1, () => {
      door.end(2);
      expect([door.admission.inFlightCount, door.delivered]).toEqual([1, [1, 2, 3]]);
      door.admission.keepSlot();
    });
    door.startNext();
    expect([door.admission.keptCount, door.delivered]).toEqual([1, [1, 2, 3]]);
    door.admission.freeSlot();
    door.startNext();
    expect(door.delivered).toEqual([1, 2, 3, 4]);
  });

  it('hands over at once while there are slots, then lets wait', () => {
    const door = new Door(2);
    expect([1, 2, 3].map((id) => door.offer(id))).toEqual(['start', 'start', 'wait']);
    expect(door.delivered).toEqual([1, 2]);
    expect(door.admission).toMatchObject({ inFlightCount: 2, queuedCount: 1 });
  });

  it('gives a slot that is free to the one that waits longest', () => {
    const door = new Door(1);
    for (const id of [1, 2, 3]) door.offer(id);
    door.end(1);
    expect(door.delivered).toEqual([1, 2]);
    door.end(2);
    expect(door.delivered).toEqual([1, 2, 3]);
  });

  it('lets everybody wait until somebody listens', () => {
    const door = new Door(2);
    door.isOpen = false;
    for (const id of [1, 2, 3]) door.offer(id);
    expect(door.delivered).toEqual([]);
    door.isOpen = true;
    door.startNext();
    expect(door.delivered).toEqual([1, 2]);
  });

  it('does not let the next in before those that wait, though somebody listens now', () => {
    const door = new Door(2);
    door.isOpen = false;
    door.offer(1);
    door.isOpen = true;
    door.offer(2);
    expect(door.delivered).toEqual([]);
    door.startNext();
    expect(door.delivered).toEqual([1, 2]);
  });

  it('refuses what is one too many', () => {
    const door = new Door(1, { maxSubmits: 2 });
    expect([1, 2, 3, 4].map((id) => door.offer(id))).toEqual(['start', 'wait', 'wait', 'refuse']);
    door.end(1);
    expect(door.offer(5)).toBe('wait');
  });

  it('refuses what has a byte too many; bodies in flight do not count', () => {
    const door = new Door(1, { maxBytes: 10 });
    door.offer(1, 999);
    expect(door.offer(2, 7)).toBe('wait');
    expect(door.offer(3, 4)).toBe('refuse');
    expect(door.offer(4, 3)).toBe('wait');
    door.end(1);
    expect(door.offer(5, 7)).toBe('wait');
  });

  it('takes out who waits, and frees the bytes', () => {
    const door = new Door(1, { maxBytes: 5 });
    door.offer(1);
    door.offer(2, 5);
    expect(door.offer(3, 1)).toBe('refuse');
    door.take(2);
    expect(door.offer(4, 5)).toBe('wait');
    door.end(1);
    expect(door.delivered).toEqual([1, 4]);
  });

  it('keeps a slot empty until it is told to go on', () => {
    const door = new Door(1);
    door.offer(1);
    door.offer(2);
    door.take(1);
    expect(door.delivered).toEqual([1]);
    expect(door.admission).toMatchObject({ inFlightCount: 0, queuedCount: 1 });
  });

  it('empties the queue, or everything', () => {
    const door = new Door(2, { maxBytes: 3 });
    for (const id of [1, 2, 3, 4]) door.offer(id);
    expect(door.clearQueue()).toEqual([3, 4]);
    expect(door.admission).toMatchObject({ inFlightCount: 2, queuedCount: 0 });
    expect(door.offer(5, 3)).toBe('wait');
    door.takeAll();
    expect(door.admission).toMatchObject({ inFlightCount: 0, queuedCount: 0 });
  });

  it('serves a long queue of applications that answer at once, without going deeper each time', () => {
    const door = new Door(1, { maxSubmits: 50_000, maxBytes: 50_000 });
    door.isOpen = false;
    for (let id = 1; id <= 20_000; id++) door.offer(id);
    door.isOpen = true;
    door.onDeliver = (id) => {
      door.end(id);
    };
    door.startNext();
    expect(door.delivered).toHaveLength(20_000);
    expect(door.admission).toMatchObject({ inFlightCount: 0, queuedCount: 0 });
  });

  it('goes on after an application that throws', () => {
    const door = new Door(1);
    for (const id of [1, 2]) door.offer(id);
    door.onDeliver = () => {
      throw new Error('the application');
    };
    expect(() => {
      door.end(1);
    }).toThrow('the application');
    door.onDeliver = () => undefined;
    door.offer(3);
    door.end(2);
    expect(door.delivered).toEqual([1, 2, 3]);
  });
});

type Step =
  | { readonly do: 'offer'; readonly bytes: number; readonly answersAtOnce: boolean }
  | { readonly do: 'take'; readonly pick: number }
  | { readonly do: 'startNext' | 'takeAll' | 'clearQueue' | 'open' | 'shut' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('offer' as const),
        bytes: fc.nat(12),
        answersAtOnce: fc.boolean(),
      }),
    },
    { weight: 5, arbitrary: fc.nat(20).map((pick) => ({ do: 'take', pick }) as const) },
    { weight: 3, arbitrary: fc.constant({ do: 'startNext' } as const) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        { do: 'open' } as const,
        { do: 'shut' } as const,
        { do: 'takeAll' } as const,
        { do: 'clearQueue' } as const,
      ),
    },
  ),
  { maxLength: 60, size: 'max' },
);

/** The same in two plain lists. */
class Model {
  isOpen = true;
  queue: { readonly id: number; readonly bytes: number }[] = [];
  running: number[] = [];
  readonly delivered: number[] = [];

  constructor(
    private readonly maxInFlight: number,
    private readonly limits: QueueLimits,
    private readonly answersAtOnce: ReadonlySet<number>,
  ) {}

  get queuedBytes(): number {
    return this.queue.reduce((total, { bytes }) => total + bytes, 0);
  }

  offer(id: number, bytes: number): 'start' | 'wait' | 'refuse' {
    if (this.queue.length === 0 && this.hasSlot) {
      this.start(id);
      return 'start';
    }
    const { maxSubmits, maxBytes } = this.limits;
    if (this.queue.length + 1 > maxSubmits || this.queuedBytes + bytes > maxBytes) return 'refuse';
    this.queue.push({ id, bytes });
    return 'wait';
  }

  take(id: number): void {
    this.running = this.running.filter((each) => each !== id);
    this.queue = this.queue.filter((each) => each.id !== id);
  }

  startNext(): void {
    while (this.hasSlot) {
      const next = this.queue.shift();
      if (next === undefined) return;
      this.start(next.id);
    }
  }

  private get hasSlot(): boolean {
    return this.isOpen && this.running.length < this.maxInFlight;
  }

  private start(id: number): void {
    this.delivered.push(id);
    if (!this.answersAtOnce.has(id)) this.running.push(id);
  }
}

describe('Admission against two lists', () => {
  it('admits, orders and bounds the same after any steps, and loses no slot', () => {
    const shape = fc.record({
      maxInFlight: fc.integer({ min: 1, max: 4 }),
      maxSubmits: fc.nat(6),
      maxBytes: fc.nat(40),
    });
    fc.assert(
      fc.property(shape, steps, ({ maxInFlight, ...limits }, sequence) => {
        const answersAtOnce = new Set<number>();
        const door = new Door(maxInFlight, limits);
        const model = new Model(maxInFlight, limits, answersAtOnce);
        door.onDeliver = (id) => {
          if (answersAtOnce.has(id)) door.end(id);
        };
        let offered = 0;
        for (const step of sequence) {
          switch (step.do) {
            case 'offer':
              offered += 1;
              if (step.answersAtOnce) answersAtOnce.add(offered);
              expect(door.offer(offered, step.bytes)).toBe(model.offer(offered, step.bytes));
              // An application that answers at once asks for the next.
              if (step.answersAtOnce) model.startNext();
              if (step.answersAtOnce) door.startNext();
              break;
            case 'take': {
              const known = [...model.running, ...model.queue.map(({ id }) => id)];
              if (known.length === 0) break;
              const id = known[step.pick % known.length]!;
              door.take(id);
              model.take(id);
              break;
            }
            case 'startNext':
              door.startNext();
              model.startNext();
              break;
            case 'open':
            case 'shut':
              door.isOpen = step.do === 'open';
              model.isOpen = step.do === 'open';
              break;
            case 'takeAll':
              door.takeAll();
              model.running = [];
              model.queue = [];
              break;
            case 'clearQueue':
              expect(door.clearQueue()).toEqual(model.queue.map(({ id }) => id));
              model.queue = [];
          }
          expect(door.delivered).toEqual(model.delivered);
          expect(door.admission.inFlightCount).toBe(model.running.length);
          expect(door.admission.queuedCount).toBe(model.queue.length);
          expect(door.admission.inFlightCount).toBeLessThanOrEqual(maxInFlight);
        }
      }),
      { numRuns: 150 },
    );
  });
});
