import { from, NEVER, Subject } from 'rxjs';
import type { Answer, SubmitHandler } from '../../../operators/application/respond-to-submits';
import type { Submit } from '../../../src/server/session/session-message';
import { cancel, open, sessionClose, submit } from '../../../src/testing';
import { SessionState } from '../../../src/protocol/session/session-lifecycle';
import { run } from '../../flows/support';
import { until } from '../../support/until';
import { ManualIterable, settled } from '../../support/async';
import { endServed } from '../../support/served';
import { arrived, many, openedPeer, sendAll, serveInVirtualTime, SESSION } from './support';

afterEach(endServed);

/** Work that ends when it is told to, whoever wants it to end. */
class StubbornWork {
  private readonly ends: (() => void)[] = [];

  begin(): Promise<Answer> {
    return new Promise((resolve) => {
      this.ends.push(() => {
        resolve('late');
      });
    });
  }

  get begun(): number {
    return this.ends.length;
  }

  async endAll(): Promise<void> {
    for (const end of this.ends) end();
    await settled();
  }
}

/** Handlers that a cancel does not stop, each of another kind. */
const STUBBORN: Record<string, (work: StubbornWork) => SubmitHandler<Submit>> = {
  'a promise': (work) => () => work.begin(),
  'an async generator': (work) =>
    async function* () {
      yield await work.begin();
    },
  'an async iterable without a return': (work) => () => {
    let isDone = false;
    const next = async (): Promise<IteratorResult<Answer>> => {
      if (isDone) return { done: true, value: undefined };
      isDone = true;
      return { done: false, value: await work.begin() };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  },
  'an Observable that says so': (work) => (each) => {
    const answer = work.begin();
    each.keepSlotUntil(answer);
    return from(answer);
  },
};

describe.each(Object.entries(STUBBORN))('%s', (_, handlerOf) => {
  it('that goes on after a cancel keeps its slot until it ends', async () => {
    const work = new StubbornWork();
    const { served } = serveInVirtualTime();
    served.server.sessions$.subscribe((session) => session.respond(handlerOf(work)));
    const peer = await openedPeer(served);
    for (let number = 1; number <= 100; number++) {
      await sendAll(peer, [submit(SESSION, number), cancel(SESSION, number)]);
    }
    expect(work.begun).toBe(4);
    await sendAll(
      peer,
      many(4, (number) => submit(SESSION, 100 + number)),
    );
    expect(work.begun).toBe(4);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, operationsQueued: 4 });
    await work.endAll();
    expect(work.begun).toBe(8);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 4, operationsQueued: 0 });
    await work.endAll();
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0 });
    expect([served.limits, served.failures]).toEqual([[], []]);
  });

  it('keeps its slot also where its end makes the application cancel others', async () => {
    const work = new StubbornWork();
    const { served } = serveInVirtualTime();
    const handler = handlerOf(work);
    served.server.sessions$.subscribe((session) =>
      session.respond((each, context) => {
        if (each.frameId === 1)
          each.ended$.subscribe(() => {
            session.cancel(2);
          });
        return handler(each, context);
      }),
    );
    const peer = await openedPeer(served);
    await sendAll(
      peer,
      many(8, (number) => submit(SESSION, number)),
    );
    await sendAll(peer, [cancel(SESSION, 1)]);
    expect(work.begun).toBe(4);
    expect(served.server.usage).toMatchObject({ slotsKept: 2, operationsInFlight: 2, operationsQueued: 4 });
    await work.endAll();
    expect(served.server.usage).toMatchObject({ slotsKept: 0, operationsQueued: 0 });
  });

  it('that never ends gives its slot back after 2 s, which is told; others wait for as many to end', async () => {
    const work = new StubbornWork();
    const { served, time } = serveInVirtualTime();
    served.server.sessions$.subscribe((session) => session.respond(handlerOf(work)));
    const peer = await openedPeer(served);
    for (let number = 1; number <= 4; number++) {
      await sendAll(peer, [submit(SESSION, number), cancel(SESSION, number)]);
    }
    await sendAll(peer, [submit(SESSION, 5)]);
    expect(served.server.usage).toMatchObject({ slotsKept: 4, operationsInFlight: 0, operationsQueued: 1 });
    time.advance(2000);
    await settled();
    expect(work.begun).toBe(5);
    expect(served.server.usage).toMatchObject({ slotsKept: 0, operationsInFlight: 1, operationsQueued: 0 });
    expect(served.limits).toEqual(
      Array.from({ length: 4 }, () => ({
        limit: 'unsettledMs',
        peer: 'memory#1',
        sessionId: SESSION,
        allowed: 2000,
        observed: 2000,
        consequence: 'slot-freed',
      })),
    );
    await work.endAll();
    expect(served.server.usage).toMatchObject({ slotsKept: 0, operationsInFlight: 0 });
  });

  it('is not waited for by a server that closes, nor leaves it a timer', async () => {
    const work = new StubbornWork();
    const { served, time } = serveInVirtualTime();
    served.server.sessions$.subscribe((session) => session.respond(handlerOf(work)));
    const peer = await openedPeer(served);
    await sendAll(peer, [submit(SESSION, 1), cancel(SESSION, 1), submit(SESSION, 2)]);
    await served.server.close({ graceMs: 0 });
    time.advance(60_000);
    expect(served.limits).toEqual([]);
    await work.endAll();
  });

  it('counts for its connection also after its session', async () => {
    const work = new StubbornWork();
    const { served } = serveInVirtualTime({ limits: { maxInFlightPerConnection: 10 } });
    served.server.sessions$.subscribe((session) => session.respond(handlerOf(work)));
    const peer = await openedPeer(served, open(1));
    await sendAll(peer, [open(2), open(3), open(4)]);
    for (let id = 1; id <= 3; id++) {
      await sendAll(
        peer,
        many(4, (number) => submit(id, number)),
      );
      await sendAll(peer, [sessionClose(id)]);
    }
    expect(work.begun).toBe(10);
    await sendAll(peer, [submit(4, 1)]);
    expect(work.begun).toBe(10);
    expect(served.limits).toEqual([
      {
        limit: 'maxInFlightPerConnection',
        peer: 'memory#1',
        sessionId: undefined,
        allowed: 10,
        observed: 11,
        consequence: 'queued',
      },
    ]);
    await work.endAll();
    expect(work.begun).toBe(11);
  });
});

describe('a handler that goes on behind its last result', () => {
  it('keeps its slot before another starts', async () => {
    const work = new StubbornWork();
    const { served } = serveInVirtualTime();
    const held: [number, number][] = [];
    served.server.sessions$.subscribe((session) =>
      session.respond(async function* (each) {
        const { slotsKept, operationsInFlight } = served.server.usage;
        held.push([slotsKept, operationsInFlight]);
        try {
          yield each.complete();
        } finally {
          await work.begin();
        }
      }),
    );
    const peer = await openedPeer(served);
    await sendAll(
      peer,
      many(8, (number) => submit(SESSION, number)),
    );
    await settled();
    expect(held).toHaveLength(4);
    expect(served.server.usage).toMatchObject({ slotsKept: 4, operationsInFlight: 0, operationsQueued: 4 });
    await work.endAll();
    expect(held).toHaveLength(8);
    expect(Math.max(...held.map(([kept, running]) => kept + running))).toBe(4);
    await work.endAll();
    expect(served.server.usage).toMatchObject({ slotsKept: 0, operationsInFlight: 0 });
  });
});

describe('a handler that a cancel stops', () => {
  it.each<[string, () => SubmitHandler<Submit>]>([
    ['an Observable', () => () => NEVER],
    ['an async iterable', () => () => new ManualIterableThatStops()],
  ])('%s, leaves its slot at once', async (_, handlerOf) => {
    const { served } = serveInVirtualTime();
    let started = 0;
    const handler = handlerOf();
    served.server.sessions$.subscribe((session) =>
      session.respond((each, context) => {
        started += 1;
        return handler(each, context);
      }),
    );
    const peer = await openedPeer(served);
    for (let number = 1; number <= 100; number++) {
      await sendAll(peer, [submit(SESSION, number), cancel(SESSION, number)]);
      await settled();
    }
    expect(started).toBe(100);
    expect(served.limits).toEqual([]);
  });
});

/** Its pending item comes to an end with it, as a stream's does that is cancelled. */
class ManualIterableThatStops extends ManualIterable<Answer> {
  override async return(): Promise<IteratorResult<Answer>> {
    await this.complete();
    return super.return();
  }
}

describe('operations of a connection', () => {
  it('start as far as it may have them, over all its sessions, the others wait', async () => {
    const answers: Subject<Answer>[] = [];
    const { served } = serveInVirtualTime({
      maxInFlightOperations: 8,
      limits: { maxInFlightPerConnection: 12 },
    });
    served.server.sessions$.subscribe((session) =>
      session.respond(() => {
        const answer$ = new Subject<Answer>();
        answers.push(answer$);
        return answer$;
      }),
    );
    const peer = await openedPeer(served, open(1));
    await sendAll(peer, [open(2)]);
    await sendAll(
      peer,
      many(8, (number) => submit(1, number)),
    );
    await sendAll(
      peer,
      many(4, (number) => submit(2, number)),
    );
    expect([answers.length, served.limits]).toEqual([12, []]);
    await sendAll(
      peer,
      many(4, (number) => submit(2, 4 + number)),
    );
    expect(answers).toHaveLength(12);
    expect(served.limits).toHaveLength(1);
    for (let answered = 0; answered < 16; answered++) answers[answered]?.complete();
    await settled();
    expect(answers).toHaveLength(16);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, operationsQueued: 0 });
    expect((await arrived(peer)).length).toBe(17);
  });

  it('follow their session to another connection', async () => {
    const { served } = serveInVirtualTime({
      grantedOperationCredit: 4,
      limits: { maxInFlightPerConnection: 4 },
    });
    const answers: Subject<Answer>[] = [];
    served.server.sessions$.subscribe((session) =>
      session.respond(() => {
        const answer$ = new Subject<Answer>();
        answers.push(answer$);
        return answer$;
      }),
    );
    const client = await served.connect();
    const session = await client.openSession({ reconnect: { minDelayMs: 0, maxDelayMs: 1 } });
    for (let count = 0; count < 4; count++) run(session.submit({}));
    await settled();
    served.endpoint.cut();
    await until(
      () => served.endpoint.transports.length === 2 && session.state === SessionState.Resumed,
      'a resume',
    );
    const other = await client.openSession({ requestedSessionId: 2 });
    run(other.submit({}));
    await settled();
    expect(answers).toHaveLength(4);
    expect(served.limits).toMatchObject([{ limit: 'maxInFlightPerConnection', peer: 'memory#2' }]);
    answers[0]?.complete();
    await settled();
    expect(answers).toHaveLength(5);
  });
});
