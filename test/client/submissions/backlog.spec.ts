import { partialResult, type ResultPush } from '../../../src/protocol/operation/result';
import { text } from '../../support/packets';
import { Stage, type StageOptions } from './support';

/** What a result counts besides its body. */
const HEAD = 104;
/** A body of which four are just as much as may wait. */
const QUARTER = 1024 - HEAD;

/** A loop that takes a result when it is told to. */
class Loop {
  private readonly results: AsyncIterator<ResultPush, undefined>;
  failure: unknown;

  constructor(
    private readonly stage: Stage,
    readonly frameId: number,
  ) {
    this.results = stage.results({ body: 'x' })[Symbol.asyncIterator]();
    void this.results.next();
    // The first is waited for; what follows waits.
    this.arrive(0, 1);
  }

  arrive(bytes: number, count: number): this {
    for (let made = 0; made < count; made++) {
      this.stage.submissions.take(partialResult(this.frameId, new Uint8Array(bytes)));
    }
    return this;
  }

  async take(count: number): Promise<void> {
    for (let taken = 0; taken < count; taken++) {
      await this.results.next().catch((error: unknown) => {
        this.failure = error;
      });
    }
  }

  leave(): void {
    void this.results.return?.();
  }
}

const MEBIBYTE = 1024 * 1024;

function stage(options: StageOptions = {}): Stage {
  return new Stage({ credit: 9, maxInFlight: 9, ...options });
}

/** So many loops of a stage, whose submits are sent. */
function loops(on: Stage, count: number): Loop[] {
  const made = Array.from({ length: count }, (_, index) => new Loop(on, index + 1));
  on.news();
  return made;
}

describe('results that wait for a loop, where the server can hold an operation', () => {
  it('are held past the bound, and go on once half is taken', async () => {
    const on = stage();
    const [loop] = loops(on, 1) as [Loop];
    loop.arrive(QUARTER, 4);
    expect(on.news()).toEqual([]);
    loop.arrive(QUARTER, 2);
    expect(on.news()).toEqual(['hold 1']);
    expect(on.backlog.byteLength).toBe(6 * 1024);
    on.time.advance(1000);
    await loop.take(3);
    expect(on.news()).toEqual([]);
    await loop.take(1);
    expect(on.news()).toEqual(['release 1']);
    loop.arrive(QUARTER, 3);
    expect(on.news()).toEqual(['hold 1']);
  });

  it('are held for a while, however fast the loop is', async () => {
    const on = stage();
    const [loop] = loops(on, 1) as [Loop];
    loop.arrive(QUARTER, 5);
    await loop.take(5);
    expect(on.news()).toEqual(['hold 1']);
    on.time.advance(19);
    expect(on.news()).toEqual([]);
    on.time.advance(1);
    expect(on.news()).toEqual(['release 1']);
  });

  it('are held on where as many have come again when the while is over', async () => {
    const on = stage();
    const [loop] = loops(on, 1) as [Loop];
    loop.arrive(QUARTER, 5);
    await loop.take(3);
    loop.arrive(QUARTER, 3);
    on.time.advance(20);
    expect(on.news()).toEqual(['hold 1']);
    await loop.take(3);
    expect(on.news()).toEqual(['release 1']);
  });

  it('cost the loop that is slow, and no other', async () => {
    const on = stage();
    const [slow, fast] = loops(on, 2) as [Loop, Loop];
    slow.arrive(QUARTER, 4);
    for (let turn = 0; turn < 9; turn++) {
      fast.arrive(QUARTER, 1);
      await fast.take(1);
    }
    expect(on.news()).toEqual([]);
    slow.arrive(QUARTER, 1);
    fast.arrive(QUARTER, 1);
    expect(on.news()).toEqual(['hold 1']);
    // Its share is half of what may wait, as two have results that do.
    fast.arrive(QUARTER, 2);
    expect(on.news()).toEqual(['hold 2']);
  });

  it('have little more than the bound, however many loops there are', () => {
    const on = stage();
    for (const loop of loops(on, 9)) {
      for (let made = 0; made < 100 && !on.carrier.sent.includes(`hold ${loop.frameId}`); made++)
        loop.arrive(0, 1);
    }
    expect(on.news()).toHaveLength(9);
    expect(on.backlog.byteLength).toBeLessThan((1 + Math.log(9)) * 4096);
  });

  it('are told nothing of where the operation is over', async () => {
    const on = stage();
    const [loop] = loops(on, 1) as [Loop];
    loop.arrive(QUARTER, 5);
    on.complete(1);
    on.time.advance(1000);
    await loop.take(9);
    expect(on.news()).toEqual(['hold 1']);
  });

  it('are given up with their loop', () => {
    const on = stage();
    const [loop] = loops(on, 1) as [Loop];
    loop.arrive(QUARTER, 5).leave();
    expect(on.news()).toEqual(['hold 1', 'cancel 1']);
    expect([on.backlog.byteLength, on.time.pendingCount]).toEqual([0, 0]);
  });

  it('stand for ever by default', () => {
    const on = stage();
    loops(on, 1)[0]!.arrive(QUARTER, 5);
    expect(on.time.pendingCount).toBe(0);
  });

  it('stop the reading where they come all the same', async () => {
    const on = stage();
    const [loop] = loops(on, 1) as [Loop];
    loop.arrive(QUARTER, 33);
    expect(on.news()).toEqual(['hold 1', 'pause reading']);
    await loop.take(4);
    expect(on.news()).toEqual([]);
    await loop.take(1);
    expect(on.news()).toEqual(['resume reading']);
  });

  it('are told of again no faster than a server takes it, on another connection', () => {
    const on = stage({ credit: 600, maxInFlight: 600 });
    const all = loops(on, 600);
    for (const loop of all) loop.arrive(QUARTER, 1);
    expect(on.news().length).toBeGreaterThan(590);
    for (const loop of all) loop.arrive(QUARTER, 1);
    on.news();
    const held = (): number => on.news().filter((each) => each.startsWith('hold')).length;
    on.backlog.attached('operation');
    expect(held()).toBe(250);
    on.time.advance(1000);
    expect(held()).toBe(250);
    all.at(-1)?.leave();
    on.news();
    on.time.advance(1000);
    expect(held()).toBe(99);
    on.backlog.end();
    expect(on.time.pendingCount).toBe(0);
  });

  it('are held again at the next connection, and let go there of what was taken meanwhile', async () => {
    const on = stage();
    const [first, second] = loops(on, 3) as [Loop, Loop, Loop];
    first.arrive(QUARTER, 3);
    second.arrive(QUARTER, 5);
    first.arrive(QUARTER, 1);
    expect(on.news()).toEqual(['hold 2', 'hold 1']);
    on.time.advance(1000);
    on.submissions.detach();
    await first.take(4);
    on.attach({}, 3);
    on.news();
    on.backlog.attached('operation');
    expect(on.news()).toEqual(['release 1', 'hold 2']);
    on.backlog.attached('transport');
    expect(on.news()).toEqual(['pause reading']);
    on.backlog.attached('operation');
    expect(on.news()).toEqual(['release 1', 'hold 2']);
  });
});

describe('results that wait for a loop, where only the transport can wait', () => {
  it('stop the reading past the bound, and no longer than they have to', async () => {
    const on = stage({ holding: 'transport' });
    const [loop] = loops(on, 1) as [Loop];
    loop.arrive(QUARTER, 5);
    expect(on.news()).toEqual(['pause reading']);
    await loop.take(1);
    expect(on.news()).toEqual([]);
    await loop.take(1);
    expect(on.news()).toEqual(['resume reading']);
  });

  it('end after half a minute in which none is taken', async () => {
    const on = stage({ holding: 'transport' });
    const [loop] = loops(on, 1) as [Loop];
    loop.arrive(QUARTER, 8);
    for (let turn = 0; turn < 4; turn++) {
      on.time.advance(29_999);
      await loop.take(1);
    }
    expect(on.news()).toEqual(['pause reading']);
    loop.arrive(QUARTER, 1);
    on.time.advance(29_999);
    expect(on.news()).toEqual([]);
    on.time.advance(1);
    expect(on.news()).toEqual(['resume reading', 'cancel 1']);
    await loop.take(1);
    expect(loop.failure).toMatchObject({ reason: 'slow-consumer', frameId: 1, outcome: 'unknown' });
    expect(String(loop.failure)).toContain('none was taken for 30000 ms (slowConsumerMs)');
    expect([on.backlog.byteLength, on.time.pendingCount]).toEqual([0, 0]);
  });

  it('end also where their last has come, as nothing else makes room', () => {
    const on = stage({ holding: 'transport' });
    const [complete, waiting] = loops(on, 2) as [Loop, Loop];
    complete.arrive(QUARTER, 4);
    on.complete(1);
    expect(on.news()).toEqual(['pause reading']);
    on.time.advance(30_000);
    expect(on.news()).toEqual(['resume reading']);
    waiting.arrive(QUARTER, 1);
    expect(on.backlog.byteLength).toBe(1024);
  });
});

describe('results that wait for a loop, where nothing can make the server wait', () => {
  it('are read far past the bound, and then the loop that has the most of them ends, and no other', async () => {
    const on = stage({ holding: 'transport', canPause: false });
    const [slow, quick] = loops(on, 2) as [Loop, Loop];
    quick.arrive(QUARTER, 2);
    slow.arrive(MEBIBYTE, 31);
    expect(on.news()).toEqual([]);
    slow.arrive(MEBIBYTE, 1);
    expect(on.news()).toEqual(['cancel 1']);
    expect(on.backlog.byteLength).toBe(2 * 1024);
    await slow.take(1);
    expect(slow.failure).toMatchObject({ reason: 'slow-consumer', frameId: 1 });
    expect(String(slow.failure)).toContain('this transport cannot make the server wait');
    await quick.take(2);
    expect([quick.failure, on.backlog.byteLength]).toEqual([undefined, 0]);
  });
});

describe('slowConsumerMs', () => {
  it('ends the operation whose loop stands still for so long, and no other', async () => {
    const on = stage({ slowConsumerMs: 500 });
    const [slow, fast] = loops(on, 2) as [Loop, Loop];
    slow.arrive(QUARTER, 5);
    fast.arrive(QUARTER, 3);
    for (let turn = 0; turn < 3; turn++) {
      on.time.advance(200);
      await fast.take(1);
    }
    expect(on.news()).toEqual(['hold 1', 'hold 2', 'release 2', 'cancel 1']);
    await slow.take(1);
    expect(slow.failure).toMatchObject({ reason: 'slow-consumer', frameId: 1 });
    expect(fast.failure).toBeUndefined();
  });

  it('ends nothing where the session is over, whose results may still be taken', async () => {
    const on = stage({ slowConsumerMs: 500 });
    const [loop] = loops(on, 1) as [Loop];
    loop.arrive(QUARTER, 5);
    on.submissions.end('session-closed');
    on.backlog.end();
    expect(on.time.pendingCount).toBe(0);
    await loop.take(5);
    expect(loop.failure).toBeUndefined();
    await loop.take(1);
    expect(loop.failure).toMatchObject({ reason: 'session-closed' });
    expect(on.backlog.byteLength).toBe(0);
  });
});

test('a result counts with its head', () => {
  const on = stage();
  const [loop] = loops(on, 1) as [Loop];
  loop.arrive(text('four').length, 2);
  expect(on.backlog.byteLength).toBe(2 * (HEAD + 4));
});
