import { concat, EMPTY, map, NEVER, Observable, of, throwError, timer } from 'rxjs';
import type { ClientOptions } from '../../../src/client/options';
import { type ResultPush } from '../../../src/protocol/operation/result';
import type { Submit } from '../../../src/server/session/session-message';
import { HintReason } from '../../../src/wire/messages/result-hint';
import type { SubmitHandler } from '../../../operators/application/respond-to-submits';
import { settled } from '../../support/async';
import { text } from '../../support/packets';
import { endServed, Served, told } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';
import { DROPPED, FAILED, word } from './support';

let served: Served;

beforeEach(() => {
  served = new Served();
});

afterEach(endServed);

/** What a client hears of a submit that `handler` answers. */
async function answersOf(handler: SubmitHandler<Submit>, client?: ClientOptions): Promise<unknown[]> {
  served.server.sessions$.subscribe((session) => session.respond(handler));
  const session = await served.open({ requestedSessionId: 1 }, client);
  const seen = told(session.submit({ body: 'x' }).pipe(map(word)));
  await settled();
  return seen;
}

async function* twoTokens(): AsyncGenerator<string> {
  yield 'a';
  await Promise.resolve();
  yield 'b';
}

describe('a handler', () => {
  it.each<[string, SubmitHandler<Submit>, string[]]>([
    ['an Observable', () => of('a', 'b'), ['a', 'b', 'end', '|']],
    ['an empty Observable', () => EMPTY, ['end', '|']],
    ['a promise', () => Promise.resolve('a'), ['a', 'end', '|']],
    ['a list', () => ['a', 'b'], ['a', 'b', 'end', '|']],
    ['an iterable', () => new Set(['a']), ['a', 'end', '|']],
    ['an async generator', twoTokens, ['a', 'b', 'end', '|']],
    ['an async function', async () => 'a', ['a', 'end', '|']],
    ['a string, which is one answer', () => 'ab', ['ab', 'end', '|']],
    ['bytes, which are one answer', () => text('ab'), ['ab', 'end', '|']],
    ['a result', (submit) => submit.complete(text('all ')), ['all end', '|']],
    ['results', (submit) => [submit.partial(text('a')), submit.complete(text('b '))], ['a', 'b end', '|']],
    ['a last result, and more', (submit) => [submit.complete(), submit.partial(text('a'))], ['end', '|']],
  ])('may answer with %s', async (_, handler, expected) => {
    expect(await answersOf(handler)).toEqual(expected);
    expect(served.failures).toEqual([]);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, operationsQueued: 0 });
  });

  it('may answer with nothing, ever', async () => {
    expect(await answersOf(() => NEVER)).toEqual([]);
    expect(served.server.usage.operationsInFlight).toBe(1);
  });

  it('may drop', async () => {
    expect(await answersOf((submit) => submit.drop())).toEqual([DROPPED]);
    expect(served.failures).toEqual([]);
  });

  it.each<[string, SubmitHandler<Submit>, unknown[]]>([
    [
      'throws',
      () => {
        throw new Error('out of memory');
      },
      [FAILED],
    ],
    ['rejects', () => Promise.reject(new Error('out of memory')), [FAILED]],
    [
      'errors after a part',
      () =>
        concat(
          of('a'),
          throwError(() => new Error('out of memory')),
        ),
      ['a', FAILED],
    ],
    [
      'is a generator that throws',
      async function* () {
        yield 'a';
        await Promise.reject(new Error('out of memory'));
      },
      ['a', FAILED],
    ],
  ])('that %s costs its operation alone, and is reported', async (_, handler, expected) => {
    expect(await answersOf(handler)).toEqual(expected);
    expect(served.failures).toMatchObject([
      {
        kind: 'internal',
        reach: 'operation',
        origin: 'application',
        message: 'the handler of operation 1 of session 1 failed: out of memory',
        cause: new Error('out of memory'),
      },
    ]);
    expect(served.server.usage).toMatchObject({ sessions: 1, operationsInFlight: 0 });
  });

  it('that answers with what is no answer is told so', async () => {
    const handler = (() => of(42)) as unknown as SubmitHandler<Submit>;
    expect(await answersOf(handler)).toEqual([FAILED]);
    expect(served.failures).toMatchObject([
      {
        message:
          'the handler of operation 1 of session 1 failed: it answered with 42; an answer is a string, bytes, a part, a result or a stream of them',
      },
    ]);
  });

  it.each<[string, (submit: Submit) => ResultPush]>([
    ['a part', (submit) => submit.partial(text('a'), { resultFlags: 0xff })],
    ['an end', (submit) => submit.complete(text('a'), { resultFlags: 0xff })],
  ])('whose result cannot be sent loses its operation: %s', async (_, result) => {
    let isStopped = false;
    const handler = (submit: Submit): Observable<ResultPush> =>
      new Observable((subscriber) => {
        subscriber.add(() => {
          isStopped = true;
        });
        subscriber.next(result(submit));
      });
    // A part of preview4 has none of the fields that this one has wrong.
    expect(await answersOf(handler, { revision: 'preview3' })).toEqual([FAILED]);
    expect(isStopped).toBe(true);
    expect(served.failures).toMatchObject([
      { kind: 'protocol', reach: 'operation', origin: 'application', cause: { kind: 'ReservedBitsSet' } },
    ]);
    expect(served.failures[0]?.message).toMatch(
      /^a result of operation 1 of session 1 was not sent: result_push.result_flags has /,
    );
    expect(served.server.usage.operationsInFlight).toBe(0);
  });

  it('is unsubscribed where the client gives up', async () => {
    let isStopped = false;
    served.server.sessions$.subscribe((session) =>
      session.respond(
        () =>
          new Observable(() => () => {
            isStopped = true;
          }),
      ),
    );
    const session = await served.open();
    const asked = session.submit({}).subscribe();
    await settled();
    asked.unsubscribe();
    await settled();
    expect(isStopped).toBe(true);
    expect(served.failures).toEqual([]);
  });

  it('does not start for what is late, where lateness counts', async () => {
    const time = new VirtualTime();
    const late = new Served({ scheduler: time, keepAlive: { idleMs: 0 } });
    const { server, client } = await late.session({ defaultDeadlineMs: 100 });
    const seen = told(client.submit({ body: 'x' }));
    await settled();
    time.advance(100);
    let started = 0;
    server.respond(
      () => {
        started += 1;
        return 'a';
      },
      { late: 'before-start' },
    );
    await settled();
    expect(started).toBe(0);
    expect(seen).toMatchObject([{ reason: 'late', status: 504, outcome: 'given-up' }]);
  });

  it('is given up at its deadline, where it is to end in time', async () => {
    const time = new VirtualTime();
    const late = new Served({ scheduler: time, keepAlive: { idleMs: 0 } });
    const { server, client } = await late.session({ defaultDeadlineMs: 100 }, { revision: 'preview3' });
    server.respond(() => concat(of('a'), timer(200, time).pipe(map(() => 'b'))), { late: 'until-end' });
    const hints = told(client.hints$.pipe(map(({ metadata }) => metadata.reason)));
    const seen = told(client.submit({ body: 'x' }).pipe(map(word)));
    await settled();
    time.advance(99);
    await settled();
    expect(seen).toEqual(['a']);
    time.advance(1);
    await settled();
    expect(seen).toEqual(['a', expect.objectContaining({ reason: 'late' })]);
    expect(hints).toEqual([HintReason.BudgetExceeded]);
  });
});

describe('respond', () => {
  it.each<[string, unknown, unknown, string]>([
    ['no handler', undefined, {}, 'the handler of session.respond must be a function, got undefined'],
    [
      'a promise of one',
      Promise.resolve(() => 'a'),
      {},
      'the handler of session.respond must be a function, got an object (Promise)',
    ],
    [
      'a name that is no option',
      () => 'a',
      { lates: 'until-end' },
      'session.respond has no option "lates"; did you mean late?',
    ],
    [
      'a value that is none',
      () => 'a',
      { late: true },
      'late must be one of "before-start", "until-end", got true',
    ],
    ['no object', () => 'a', null, 'the options of session.respond must be an object, got null'],
  ])('refuses %s by name, and takes no submits', async (_, handler, options, message) => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    expect(() => server.respond(handler as SubmitHandler<Submit>, options as object)).toThrow(
      new TypeError(message),
    );
    const seen = told(client.submit({}).pipe(map(word)));
    await settled();
    expect(seen).toEqual([]);
    server.respond(() => 'a');
    await settled();
    expect(seen).toEqual(['a', 'end', '|']);
    expect(served.failures).toEqual([]);
  });

  it('is one at a time: a second is refused until the first is unsubscribed from', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    const first = server.respond(() => 'a');
    for (const options of [{}, { coalesce: true }]) {
      expect(() => server.respond(() => 'b', options)).toThrow(
        'session 1 has a handler already: unsubscribe from what its `respond` has returned before another is given, or choose by submit in one handler',
      );
    }
    const seen = told(client.submit({}).pipe(map(word)));
    await settled();
    expect(seen).toEqual(['a', 'end', '|']);
    first.unsubscribe();
    server.respond(() => 'b', { coalesce: true });
    const next = told(client.submit({}).pipe(map(word)));
    await settled();
    expect(next.at(-1)).toBe('|');
    expect(served.failures).toEqual([]);
  });

  it('that is a second is told on failures$ where nobody catches that', async () => {
    served.server.sessions$.subscribe((session) => {
      session.respond(() => 'a');
      session.respond(() => 'b');
    });
    await served.open({ requestedSessionId: 1 });
    await settled();
    expect(served.failures[0]?.cause ?? served.failures[0]).toMatchObject({
      message: expect.stringContaining('session 1 has a handler already') as string,
    });
  });

  it('drops what it is answering when it is unsubscribed from, and leaves the rest to others', async () => {
    let responding = { unsubscribe: (): void => undefined };
    served.server.sessions$.subscribe((session) => {
      responding = session.respond(() => NEVER);
    });
    const session = await served.open();
    const seen = told(session.submit({ body: 'x' }));
    await settled();
    responding.unsubscribe();
    await settled();
    expect(seen).toEqual([FAILED]);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, operationsQueued: 0 });
  });
});
