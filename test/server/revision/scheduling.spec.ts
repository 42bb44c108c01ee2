import { NEVER, of } from 'rxjs';
import type { Lateness } from '../../../operators/application/drop-late';
import { clientHello, inPreview4, open } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { PriorityClass } from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';
import { SchedulingFlag } from '../../../src/wire/preview4/control/scheduling';
import type { ServerOptions } from '../../../src/server/options';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';
import { heardInWords } from './heard';

afterEach(endServed);

const SESSION = { sessionId: 42 };

type Timed = typeof MessageType.Deadline | typeof MessageType.ExpireAt;

function submit4(frameId: number, operationId = BigInt(frameId)): Packet {
  return inPreview4(MessageType.FrameSubmit, { ...SESSION, frameId }, { operationId });
}

function until(deadlineUnixMs: bigint, frameId = 1, type: Timed = MessageType.Deadline): Packet {
  const flags = SchedulingFlag.DiscardStale;
  const fields = { operationId: BigInt(frameId), deadlineUnixMs, flags };
  return inPreview4(type, { ...SESSION, frameId }, fields);
}

function priority(frameId: number, priorityClass: number, priorityDelta = 0): Packet {
  const fields = { operationId: BigInt(frameId), priorityClass, priorityDelta };
  return inPreview4(MessageType.PriorityUpdate, { ...SESSION, frameId }, fields);
}

/** A server in virtual time, whose wall clock the test sets, and a client of the reference. */
class Stage {
  readonly time = new VirtualTime();
  readonly begun: number[] = [];
  readonly deadlines: number[] = [];
  /** Milliseconds since 1970. */
  wall = 1_000_000;
  readonly served: Served;

  private constructor(options: Partial<ServerOptions>, late?: Lateness) {
    const wallClock = { now: () => this.wall };
    this.served = new Served({ scheduler: this.time, wallClock, ...options });
    this.served.server.sessions$.subscribe((session) =>
      session.respond((submit) => {
        this.begun.push(submit.frameId);
        this.deadlines.push(submit.deadline - this.time.now());
        return submit.frameId === 9 ? of('done') : NEVER;
      }, late && { late }),
    );
  }

  static async open(
    options: Partial<ServerOptions> = {},
    late?: Lateness,
  ): Promise<{ stage: Stage; peer: Peer }> {
    const stage = new Stage({ maxInFlightOperations: 4, ...options }, late);
    const peer = await Peer.connect(stage.served.listen);
    peer.send(clientHello(), open(42));
    await peer.next();
    await peer.next();
    return { stage, peer };
  }

  /** So many milliseconds pass by both clocks. */
  pass(ms: number): void {
    this.wall += ms;
    this.time.advance(ms);
  }

  get running(): number {
    return this.served.server.usage.operationsInFlight;
  }
}

const heard = (peer: Peer): Promise<unknown[]> => heardInWords(peer, SESSION.sessionId);

const LATE = (frameId: number): unknown => ['RESULT_DROP_REASON', frameId, 1];

describe('a deadline that a client says', () => {
  it.each([MessageType.Deadline, MessageType.ExpireAt])('ends an operation that runs: 0x%x', async (type) => {
    const { stage, peer } = await Stage.open();
    peer.send(submit4(1), until(1_005_000n, 1, type));
    expect(await heard(peer)).toEqual([]);
    stage.pass(4999);
    expect(stage.running).toBe(1);
    stage.pass(1);
    expect(stage.running).toBe(0);
    expect(await heard(peer)).toEqual([LATE(1)]);
    expect(stage.time.pendingCount).toBeLessThanOrEqual(1);
  });

  it('may come before its submit, whose handler can read it', async () => {
    const { stage, peer } = await Stage.open();
    peer.send(until(1_005_000n), submit4(1));
    expect(await heard(peer)).toEqual([]);
    expect(stage.deadlines).toEqual([5000]);
    stage.pass(5000);
    expect(await heard(peer)).toEqual([LATE(1)]);
  });

  it('ends nothing where what is stale is wanted all the same', async () => {
    const { stage, peer } = await Stage.open();
    const wanted = (deadlineUnixMs: bigint, frameId: number) =>
      inPreview4(
        MessageType.ExpireAt,
        { ...SESSION, frameId },
        { operationId: BigInt(frameId), deadlineUnixMs },
      );
    peer.send(wanted(999_000n, 1), submit4(1), submit4(2), wanted(999_000n, 2), until(1_005_000n, 3));
    peer.send(submit4(3), wanted(1_005_000n, 3));
    expect(await heard(peer)).toEqual([]);
    stage.pass(10_000);
    expect(await heard(peer)).toEqual([]);
    expect(stage.deadlines).toEqual([-1000, 500, 5000]);
    expect(stage.served.violations).toHaveLength(2);
  });

  it('counts as it was said last', async () => {
    const { stage, peer } = await Stage.open();
    peer.send(submit4(1), until(1_001_000n), until(1_009_000n));
    await heard(peer);
    stage.pass(8999);
    expect(stage.running).toBe(1);
    stage.pass(1);
    expect(stage.running).toBe(0);
  });

  it('ends nothing any more once it is said to be never', async () => {
    const { stage, peer } = await Stage.open();
    peer.send(submit4(1), until(1_001_000n));
    await heard(peer);
    peer.send(until(0xffff_ffff_ffff_ffffn));
    expect(await heard(peer)).toEqual([]);
    stage.pass(60_000);
    expect(stage.running).toBe(1);
  });

  it('far beyond what a timer takes does not fire early', async () => {
    const { stage, peer } = await Stage.open();
    peer.send(until(4_000_000_000_000n), submit4(1), until(0xffff_ffff_ffff_ffffn, 2), submit4(2));
    expect(await heard(peer)).toEqual([]);
    stage.pass(60_000);
    stage.wall += 0x8000_0000;
    stage.pass(60_000);
    expect(stage.running).toBe(2);
    stage.wall = 4_000_000_000_000;
    stage.pass(60_000);
    expect(stage.running).toBe(1);
    expect(await heard(peer)).toEqual([LATE(1)]);
  });

  it('follows a wall clock that is set', async () => {
    const { stage, peer } = await Stage.open();
    peer.send(submit4(1), until(1_600_000n));
    await heard(peer);
    stage.wall -= 300_000;
    stage.pass(600_000);
    expect(stage.running).toBe(1);
    stage.pass(300_000);
    expect(stage.running).toBe(0);
  });

  it('that has passed ends it at once, and is told: a clock may be wrong', async () => {
    const { stage, peer } = await Stage.open();
    peer.send(submit4(1), until(995_000n), until(995_000n, 2), submit4(2), submit4(9));
    const answered = await heard(peer);
    expect(answered).toEqual([LATE(1), LATE(2), ['PARTIAL_RESULT', 9], ['RESULT_PUSH', 9]]);
    expect(stage.begun).toEqual([1, 9]);
    expect(stage.served.violations.map(({ error }) => error.message)).toEqual([
      expect.stringContaining('the deadline of operation 1 of session 42 had passed 5000 ms before it came'),
      expect.stringContaining('the deadline of operation 2'),
    ]);
  });

  it('ends what is late by the server’s word, though its client wants what is stale', async () => {
    const { stage, peer } = await Stage.open({}, 'until-end');
    const wanted = { operationId: 1n, deadlineUnixMs: 1_005_000n };
    peer.send(submit4(1), inPreview4(MessageType.Deadline, { ...SESSION, frameId: 1 }, wanted));
    expect(await heard(peer)).toEqual([]);
    stage.pass(4999);
    expect(stage.running).toBe(1);
    stage.pass(1);
    expect(stage.running).toBe(0);
  });

  it('leaves nothing behind of an operation that ends before', async () => {
    const { stage, peer } = await Stage.open();
    await heard(peer);
    const before = stage.time.pendingCount;
    peer.send(until(1_005_000n, 9), submit4(9), until(1_005_000n, 9));
    expect(await heard(peer)).toEqual([
      ['PARTIAL_RESULT', 9],
      ['RESULT_PUSH', 9],
    ]);
    expect(stage.time.pendingCount).toBe(before);
    expect(stage.served.violations).toEqual([]);
  });

  it('is kept of as many that have not come as may be in flight, and of one operation', async () => {
    const { stage, peer } = await Stage.open();
    peer.send(...[1, 2, 3, 4, 5].map((frameId) => until(1_005_000n, frameId)));
    expect(await heard(peer)).toEqual([['ERROR', 5]]);
    expect(String(stage.served.violations[0]?.error)).toContain('of 4 operations at most');
    // The same again takes no more room; another name is another operation.
    peer.send(until(1_004_000n, 4), submit4(4, 77n));
    expect(await heard(peer)).toEqual([['ERROR', 4]]);
    // Of those that were passed over nothing is to stay.
    peer.send(submit4(6), until(1_004_000n, 7));
    expect(await heard(peer)).toEqual([]);
    expect(stage.begun).toEqual([6]);
  });

  it.each([
    ['no operation', inPreview4(MessageType.Deadline, { ...SESSION, frameId: 1 }, { deadlineUnixMs: 5n })],
    [
      'another',
      inPreview4(MessageType.Deadline, { ...SESSION, frameId: 1 }, { operationId: 5n, deadlineUnixMs: 5n }),
    ],
  ])('of %s changes nothing', async (_, deadline) => {
    const { stage, peer } = await Stage.open();
    peer.send(submit4(1), deadline);
    expect(await heard(peer)).toEqual([['ERROR', 1]]);
    expect(stage.running).toBe(1);
  });
});

describe('a priority that a client says', () => {
  it('is the order in which those start that wait', async () => {
    const { stage, peer } = await Stage.open({ maxInFlightOperations: 1 });
    peer.send(...[1, 2, 3, 4].map((frameId) => submit4(frameId)));
    peer.send(priority(3, PriorityClass.Interactive), priority(2, PriorityClass.Background), priority(1, 0));
    peer.send(priority(5, PriorityClass.Balanced, 7), submit4(5));
    await heard(peer);
    for (const frameId of [1, 3, 5, 4]) {
      const operationId = BigInt(frameId);
      peer.send(inPreview4(MessageType.Cancel, { ...SESSION, frameId }, { operationId }));
    }
    await heard(peer);
    expect(stage.begun).toEqual([1, 3, 5, 4, 2]);
  });
});

/** However many a session may have in flight. */
const ONE_RUNS = { limits: { maxInFlightPerConnection: 1 } };

/** Of what goes on when the test is over. */
const QUIET = { error: () => undefined };

describe('a client of this project', () => {
  it('says a deadline and a priority, where the server speaks preview4', async () => {
    const wallClock = { now: () => 1_000_000 };
    const served = new Served({ wallClock, maxInFlightOperations: 8, ...ONE_RUNS });
    const begun: string[] = [];
    served.server.sessions$.subscribe((session) =>
      session.respond(({ text }) => {
        begun.push(text);
        return NEVER;
      }),
    );
    const session = await served.open({}, { revision: 'preview4' });
    const first = session.submit({ body: 'first' }).subscribe(QUIET);
    session.submit({ body: 'second' }).subscribe(QUIET);
    const late = new Promise((resolve) => {
      session.submit({ body: 'late', deadlineAt: 999_000 }).subscribe({ error: resolve });
    });
    session.submit({ body: 'third', priority: PriorityClass.Interactive }).subscribe(QUIET);
    expect(await late).toMatchObject({ reason: 'late' });
    first.unsubscribe();
    await served.open({}, { revision: 'preview4' });
    expect(begun).toEqual(['first', 'third']);
  });

  it('says neither in preview3', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => of('text')));
    const session = await served.open({}, { revision: 'preview3' });
    const asked = session.submit({ deadlineAt: 1, priority: PriorityClass.Interactive });
    expect((await asked.whole()).text).toBe('text');
    expect(served.violations).toEqual([]);
  });

  it.each([[{ deadlineAt: 0 }], [{ deadlineAt: 1.5 }], [{ deadlineAt: -Infinity }], [{ priority: 3 }]])(
    'refuses %j',
    async (odd) => {
      const served = new Served();
      served.server.sessions$.subscribe();
      const session = await served.open();
      await expect(session.submit(odd as object).whole()).rejects.toBeInstanceOf(RangeError);
    },
  );
});
