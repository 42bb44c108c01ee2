import fc from 'fast-check';
import {
  DEFAULT_OUTBOX_LIMITS,
  ResultOutbox,
  type OutboxLimits,
} from '../../../src/protocol/operation/result-outbox';

interface Numbered {
  readonly number: number;
  readonly byteLength: number;
}

function filled(count: number, limits?: OutboxLimits): ResultOutbox<Numbered> {
  const outbox = new ResultOutbox<Numbered>(limits);
  for (let number = 1; number <= count; number++) outbox.add({ number, byteLength: 10 });
  return outbox;
}

const numbersAfter = (outbox: ResultOutbox<Numbered>, count: number): number[] =>
  outbox.replayAfter(count).map(({ number }) => number);

describe('ResultOutbox', () => {
  it('is empty at first', () => {
    const outbox = filled(0);
    expect(outbox).toMatchObject({
      size: 0,
      byteLength: 0,
      lastNumber: 0,
      lastSentNumber: 0,
      lastReleasedNumber: 0,
      fullness: 0,
    });
    expect(outbox.replayAfter(0)).toEqual([]);
    expect(outbox.canReplayAfter(0)).toBe(true);
    expect(outbox.canReplayAfter(1)).toBe(false);
  });

  it('numbers results from 1 and replays those after a number', () => {
    const outbox = filled(3);
    expect(outbox.lastNumber).toBe(3);
    expect(numbersAfter(outbox, 0)).toEqual([1, 2, 3]);
    expect(numbersAfter(outbox, 2)).toEqual([3]);
    expect(numbersAfter(outbox, 3)).toEqual([]);
  });

  it('says how full it is, by whichever limit is nearer', () => {
    expect(filled(3, { maxResults: 4, maxBytes: 1000 }).fullness).toBe(0.75);
    expect(filled(3, { maxResults: 100, maxBytes: 20 }).fullness).toBe(1.5);
  });

  it('forgets what the client has, and goes on counting', () => {
    const outbox = filled(3);
    outbox.acknowledge(2);
    expect(outbox).toMatchObject({ size: 1, byteLength: 10, lastNumber: 3, lastReleasedNumber: 2 });
    expect(outbox.canReplayAfter(1)).toBe(false);
    expect(outbox.canReplayAfter(2)).toBe(true);
    outbox.add({ number: 4, byteLength: 1 });
    expect(outbox.lastNumber).toBe(4);
  });

  it('does not forget more than there is', () => {
    const outbox = filled(2);
    outbox.acknowledge(99);
    expect(outbox).toMatchObject({ size: 0, lastNumber: 2, lastReleasedNumber: 2 });
  });

  it('makes room by forgetting what was sent, oldest first', () => {
    const outbox = filled(5, { maxResults: 3, maxBytes: 1000 });
    outbox.markSent();
    expect(outbox.trim()).toBe(true);
    expect(numbersAfter(outbox, 0)).toEqual([3, 4, 5]);
    expect(outbox.lastReleasedNumber).toBe(2);
  });

  it('never forgets what was not sent to make room', () => {
    const outbox = filled(2, { maxResults: 1, maxBytes: 1000 });
    outbox.markSent();
    for (const number of [3, 4, 5]) outbox.add({ number, byteLength: 10 });
    expect(outbox.trim()).toBe(false);
    expect(numbersAfter(outbox, 0)).toEqual([3, 4, 5]);
  });

  it('forgets of what was not sent what is not wanted, and numbers the rest anew', () => {
    const outbox = filled(2);
    outbox.markSent();
    outbox.acknowledge(1);
    for (const number of [3, 4, 5, 6]) outbox.add({ number, byteLength: 10 });
    outbox.keepUnsent(({ number }) => number % 2 === 0);
    expect(numbersAfter(outbox, 1)).toEqual([2, 4, 6]);
    expect(outbox.unsent().map(({ number }) => number)).toEqual([4, 6]);
    expect(outbox).toMatchObject({ size: 3, byteLength: 30, lastNumber: 4, lastSentNumber: 2 });
    outbox.keepUnsent(() => false);
    expect(outbox).toMatchObject({ size: 1, byteLength: 10, lastNumber: 2, lastSentNumber: 2 });
  });

  it('has room up to its limits', () => {
    const outbox = filled(3, { maxResults: 5, maxBytes: 45 });
    expect([
      outbox.hasRoom(1, 15),
      outbox.hasRoom(1, 16),
      outbox.hasRoom(2, 0),
      outbox.hasRoom(3, 0),
    ]).toEqual([true, false, true, false]);
  });

  it('is empty after clear, and its numbers go on', () => {
    const outbox = filled(3);
    outbox.clear();
    expect(outbox).toMatchObject({ size: 0, byteLength: 0, lastNumber: 3 });
    expect(outbox.canReplayAfter(3)).toBe(true);
    expect(outbox.canReplayAfter(2)).toBe(false);
  });

  it('has the documented limits', () => {
    expect(DEFAULT_OUTBOX_LIMITS).toEqual({ maxResults: Infinity, maxBytes: 8 * 1024 * 1024 });
    // Of 10 bytes each.
    expect(filled(1024).fullness).toBe((1024 * 10) / (8 * 1024 * 1024));
  });

  it('keeps no more memory than it holds results, however many have passed', () => {
    const outbox = filled(0);
    let largest = 0;
    for (let number = 1; number <= 10_000; number++) {
      outbox.add({ number, byteLength: 1 });
      outbox.acknowledge(number - 8);
      largest = Math.max(largest, entryCount(outbox));
    }
    expect(outbox.size).toBe(8);
    expect(largest).toBeLessThanOrEqual(64);
  });
});

/** How many entries the outbox has in memory, those that it has not swept yet among them. */
function entryCount(outbox: ResultOutbox<Numbered>): number {
  const entries: unknown = Reflect.get(outbox, 'entries');
  if (!Array.isArray(entries)) throw new Error('the outbox has no entries');
  return entries.length;
}

/** The same by the book: every result there ever was, in a list that only grows. */
class Model {
  readonly all: Numbered[] = [];
  released = 0;
  sent = 0;

  constructor(private readonly limits: OutboxLimits) {}

  get held(): readonly Numbered[] {
    return this.all.slice(this.released);
  }

  get bytes(): number {
    return this.held.reduce((total, { byteLength }) => total + byteLength, 0);
  }

  get fits(): boolean {
    return this.held.length <= this.limits.maxResults && this.bytes <= this.limits.maxBytes;
  }

  acknowledge(count: number): void {
    this.released = Math.max(this.released, Math.min(count, this.all.length));
  }

  keepUnsent(isWanted: (result: Numbered) => boolean): void {
    const first = Math.max(this.sent, this.released);
    this.all.push(...this.all.splice(first).filter(isWanted));
  }

  trim(): boolean {
    while (!this.fits && this.released < this.sent) this.released += 1;
    return this.fits;
  }
}

type Step =
  | { readonly do: 'add'; readonly bytes: readonly number[] }
  | { readonly do: 'acknowledge'; readonly share: number }
  | { readonly do: 'markSent' | 'trim' | 'clear' | 'keepUnsent' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .array(fc.nat(100), { minLength: 1, maxLength: 60, size: 'max' })
        .map((bytes) => ({ do: 'add', bytes }) as const),
    },
    // A little beyond what there is, too: a client may say anything.
    {
      weight: 4,
      arbitrary: fc
        .double({ min: 0, max: 1.1, noNaN: true })
        .map((share) => ({ do: 'acknowledge', share }) as const),
    },
    { weight: 3, arbitrary: fc.constant({ do: 'markSent' } as const) },
    { weight: 3, arbitrary: fc.constant({ do: 'trim' } as const) },
    { weight: 1, arbitrary: fc.constant({ do: 'keepUnsent' } as const) },
    { weight: 1, arbitrary: fc.constant({ do: 'clear' } as const) },
  ),
  { maxLength: 40, size: 'max' },
);

describe('ResultOutbox against a list that forgets nothing', () => {
  it('has the same numbers, bytes and replays after any steps', () => {
    const limits = fc.record({
      maxResults: fc.integer({ min: 1, max: 200 }),
      maxBytes: fc.integer({ min: 1, max: 5000 }),
    });
    let swept = 0;
    fc.assert(
      fc.property(limits, steps, (limit, sequence) => {
        const outbox = new ResultOutbox<Numbered>(limit);
        const model = new Model(limit);
        for (const step of sequence) {
          const before = entryCount(outbox);
          take(step, outbox, model);
          if (step.do === 'acknowledge' || step.do === 'trim') swept += before > entryCount(outbox) ? 1 : 0;
          compare(outbox, model, limit);
        }
      }),
      { numRuns: 60 },
    );
    // Otherwise the steps would be too few to say anything of the sweep.
    expect(swept).toBeGreaterThan(0);
  });
});

function take(step: Step, outbox: ResultOutbox<Numbered>, model: Model): void {
  switch (step.do) {
    case 'add':
      for (const byteLength of step.bytes) {
        const result = { number: model.all.length + 1, byteLength };
        outbox.add(result);
        model.all.push(result);
      }
      return;
    case 'acknowledge': {
      const count = Math.floor(step.share * model.all.length);
      outbox.acknowledge(count);
      model.acknowledge(count);
      return;
    }
    case 'markSent':
      outbox.markSent();
      model.sent = model.all.length;
      return;
    case 'trim':
      expect(outbox.trim()).toBe(model.trim());
      return;
    case 'keepUnsent':
      outbox.keepUnsent(({ byteLength }) => byteLength < 50);
      model.keepUnsent(({ byteLength }) => byteLength < 50);
      return;
    case 'clear':
      outbox.clear();
      model.released = model.all.length;
  }
}

function compare(outbox: ResultOutbox<Numbered>, model: Model, { maxResults, maxBytes }: OutboxLimits): void {
  const { held, bytes, released, sent, all } = model;
  expect(outbox.size).toBe(held.length);
  expect(outbox.byteLength).toBe(bytes);
  expect(outbox.lastReleasedNumber).toBe(released);
  expect(outbox.lastNumber).toBe(all.length);
  expect(outbox.lastSentNumber).toBe(sent);
  expect(outbox.fullness).toBe(Math.max(held.length / maxResults, bytes / maxBytes));
  for (const count of new Set([0, released - 1, released, released + 1, sent, all.length, all.length + 1])) {
    if (count < 0) continue;
    expect(outbox.canReplayAfter(count)).toBe(count >= released && count <= all.length);
    expect(areSame(outbox.replayAfter(count), all.slice(Math.max(released, count)))).toBe(true);
  }
}

/** Item by item: deep equality would take most of the test's time. */
function areSame(a: readonly Numbered[], b: readonly Numbered[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
