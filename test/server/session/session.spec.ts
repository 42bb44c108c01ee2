import { concat, EMPTY, from, map, mergeMap, NEVER, Observable, of, Subject, throwError, timer } from 'rxjs';
import { decodeTokens } from '../../../src/protocol/operation/token-delta';
import {
  completeResult,
  dropResult,
  partialResult,
  type ResultPush,
} from '../../../src/protocol/operation/result';
import { sessionOpen } from '../../../src/client/options';
import type { ServerSession } from '../../../src/server/session/session';
import type { Submit } from '../../../src/server/session/submits/submit';
import { NnrpError } from '../../../src/wire/errors';
import { MessageType } from '../../../src/wire/message-type';
import { HintReason } from '../../../src/wire/messages/result-hint';
import type { SubmitHandler } from '../../../operators/respond-to-submits';
import { settled } from '../../support/async';
import { openPacket, submitPacket, text } from '../../support/packets';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';

let served: Served;

beforeEach(() => {
  served = new Served();
});

afterEach(endServed);

/** A result in a word: the tokens or bytes of its body, `end` where it is the last. */
function word(result: ResultPush): string {
  const body = decodeTokens(result).join('') || Buffer.from(result.body).toString();
  return result.metadata.resultClass === 0 ? `${body}end` : body;
}

/** What a client hears of a submit that `handler` answers. */
async function answersOf(handler: SubmitHandler<Submit>): Promise<unknown[]> {
  served.server.sessions$.subscribe((session) => session.respond(handler));
  const session = await served.open();
  const seen = told(session.submit({ body: 'x' }).pipe(map(word)));
  await settled();
  return seen;
}

const DROPPED: unknown = expect.objectContaining({ name: 'OperationError', reason: 'dropped', frameId: 1 });

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
      [DROPPED],
    ],
    ['rejects', () => Promise.reject(new Error('out of memory')), [DROPPED]],
    [
      'errors after a part',
      () =>
        concat(
          of('a'),
          throwError(() => new Error('out of memory')),
        ),
      ['a', DROPPED],
    ],
    [
      'is a generator that throws',
      async function* () {
        yield 'a';
        await Promise.reject(new Error('out of memory'));
      },
      ['a', DROPPED],
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
    expect(await answersOf(handler)).toEqual([DROPPED]);
    expect(served.failures).toMatchObject([
      {
        message:
          'the handler of operation 1 of session 1 failed: the handler of operation 1 answered with neither bytes, a string nor a result',
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
    expect(await answersOf(handler)).toEqual([DROPPED]);
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
    expect(seen).toMatchObject([{ reason: 'dropped' }]);
  });

  it('is given up at its deadline, where it is to end in time', async () => {
    const time = new VirtualTime();
    const late = new Served({ scheduler: time, keepAlive: { idleMs: 0 } });
    const { server, client } = await late.session({ defaultDeadlineMs: 100 });
    server.respond(() => concat(of('a'), timer(200, time).pipe(map(() => 'b'))), { late: 'until-end' });
    const hints = told(client.hints$.pipe(map(({ metadata }) => metadata.reason)));
    const seen = told(client.submit({ body: 'x' }).pipe(map(word)));
    await settled();
    time.advance(99);
    await settled();
    expect(seen).toEqual(['a']);
    time.advance(1);
    await settled();
    expect(seen).toEqual(['a', DROPPED]);
    expect(hints).toEqual([HintReason.BudgetExceeded]);
  });
});

describe('session.results', () => {
  it('takes what a pipeline makes', async () => {
    const { server, client } = await served.session();
    server.submits$
      .pipe(mergeMap((submit) => from([submit.partial(text('a')), submit.complete()])))
      .subscribe(server.results);
    const seen = told(client.submit({}).pipe(map(word)));
    await settled();
    expect(seen).toEqual(['a', 'end', '|']);
  });

  it('lets go what is late: the operation has ended, and nobody is at fault', async () => {
    const { server, client } = await served.session();
    const submits: Submit[] = [];
    server.submits$.subscribe((submit) => submits.push(submit));
    const asked = client.submit({}).subscribe();
    await settled();
    asked.unsubscribe();
    await settled();
    server.results.next(submits[0]!.partial(text('late')));
    server.results.next(submits[0]!.complete());
    await settled();
    expect(served.failures).toEqual([]);
  });

  it.each([
    ['a part', partialResult(99, text('x'))],
    ['an end', completeResult(99)],
    ['a drop', dropResult(99)],
  ])('reports a result of an operation that never was: %s', async (_, result) => {
    const { server } = await served.session();
    server.results.next(result);
    expect(served.failures).toMatchObject([
      {
        kind: 'protocol',
        reach: 'operation',
        origin: 'application',
        message: 'a result of operation 99 of session 1 was not sent: operation 99 is unknown',
        cause: { kind: 'UnknownOperation' },
      },
    ]);
  });

  it('reports what is no result at all', async () => {
    const { server, client } = await served.session();
    server.submits$.subscribe();
    const seen = told(client.submit({}));
    await settled();
    server.results.next({ ...completeResult(1), metadata: undefined as unknown as ResultPush['metadata'] });
    await settled();
    expect(served.failures).toMatchObject([{ kind: 'internal', reach: 'operation', origin: 'application' }]);
    expect(seen).toEqual([DROPPED]);
  });

  it('drops everything where the pipeline errors, and the session goes on', async () => {
    const { server, client } = await served.session({ maxInFlightOperations: 4 });
    const pipeline = new Subject<ResultPush>();
    pipeline.subscribe(server.results);
    const submits: Submit[] = [];
    server.submits$.subscribe((submit) => submits.push(submit));
    const outcomes = [1, 2].map(() => told(client.submit({})));
    await settled();
    pipeline.error(new Error('the model is gone'));
    await settled();
    expect(outcomes).toMatchObject([[{ reason: 'dropped' }], [{ reason: 'dropped' }]]);
    expect(served.failures).toMatchObject([
      {
        kind: 'internal',
        reach: 'session',
        origin: 'application',
        message: 'the results of session 1 failed: the model is gone',
      },
    ]);
    expect(server.operations).toEqual([]);
    const again = told(client.submit({}).pipe(map(word)));
    await settled();
    server.results.next(submits[2]!.complete());
    await settled();
    expect(again).toEqual(['end', '|']);
  });

  it('gives the credit back that congestion took, also where it ends in an error', async () => {
    const congested = new Served({ maxInFlightOperations: 1, queue: { maxSubmits: 0 } });
    const sessions: ServerSession[] = [];
    congested.server.sessions$.subscribe((session) => {
      sessions.push(session);
      session.submits$.subscribe();
    });
    const peer = await Peer.connect(congested.endpoint);
    const none = new Uint8Array(0);
    const metadata = sessionOpen(
      { maxInFlightOperations: 1 },
      { resumeToken: none, auth: none, extension: none },
    );
    peer.send(openPacket({ metadata }), ...[1, 2].map((frameId) => submitPacket({ sessionId: 1, frameId })));
    await settled();
    sessions[0]!.results.error(new Error('over'));
    await settled();
    const types: MessageType[] = [];
    while (peer.waiting > 0) types.push((await peer.next())!.header.messageType);
    const { SessionOpenAck, ResultDrop, FlowUpdate } = MessageType;
    expect(types).toEqual([SessionOpenAck, ResultDrop, FlowUpdate, ResultDrop, FlowUpdate]);
  });

  it('goes on where the pipeline completes', async () => {
    const { server, client } = await served.session();
    server.results.complete();
    server.respond(() => 'a');
    const seen = told(client.submit({}).pipe(map(word)));
    await settled();
    expect(seen).toEqual(['a', 'end', '|']);
  });
});

describe('a server session', () => {
  it('lets submits wait until somebody subscribes, in order', async () => {
    const { server, client } = await served.session();
    for (const body of ['a', 'b']) told(client.submit({ body }));
    await settled();
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, operationsQueued: 2 });
    const seen: string[] = [];
    server.submits$.subscribe(({ body }) => seen.push(Buffer.from(body).toString()));
    expect(seen).toEqual(['a', 'b']);
  });

  it('hands submits over to whoever watches the whole session, too', async () => {
    const { server, client } = await served.session();
    told(client.submit({}));
    await settled();
    expect(told(server.pipe(map(({ messageType }) => messageType)))).toEqual([MessageType.FrameSubmit]);
  });

  it('throws at whoever sends a result by hand that cannot be sent', async () => {
    const { server, client } = await served.session();
    const submits: Submit[] = [];
    server.submits$.subscribe((submit) => submits.push(submit));
    told(client.submit({}));
    await settled();
    expect(() => {
      server.sendResult(completeResult(99));
    }).toThrow(new NnrpError({ kind: 'UnknownOperation', operationId: 99n }));
    expect(() => {
      server.sendResult(submits[0]!.complete(undefined, { resultFlags: 0xff }));
    }).toThrow(NnrpError);
    expect(submits[0]!.state).toBe(1);
    expect(served.failures).toEqual([]);
  });

  it('shows what it was opened with, and what it has', async () => {
    const { server, client } = await served.session({ requestedSessionId: 7, auth: text('me') });
    expect(server).toMatchObject({
      sessionId: 7,
      state: 'open',
      transport: 'memory',
      lastOperationId: 0,
      cacheObjectCount: 0,
      operations: [],
    });
    expect(server.open).toMatchObject({ requestedSessionId: 7, authBytes: 2 });
    expect(server.granted).toEqual(client.granted);
    expect(server.peer).toMatch(/^memory#\d+$/);
    server.submits$.subscribe();
    told(client.submit({}));
    await settled();
    expect(server.lastOperationId).toBe(1);
    expect(server.operations).toMatchObject([{ operationId: 1 }]);
  });

  it('completes, with all its views, when it is over', async () => {
    const { server, client } = await served.session();
    const views = [
      server,
      server.submits$,
      server.cancels$,
      server.patches$,
      server.migrations$,
      server.closes$,
      server.attachment$,
      server.pressure$,
    ].map((view$) => told(view$ as Observable<unknown>));
    await client.close();
    expect(views.map((seen) => seen.at(-1))).toEqual(views.map(() => '|'));
    expect(server.state).toBe('closed');
    expect(told(server.submits$)).toEqual(['|']);
  });

  it('ends what its handlers do, and tells the client, where the server revokes it', async () => {
    const { server, client } = await served.session();
    const ends: string[] = [];
    server.respond((submit) => {
      submit.ended$.subscribe((end) => ends.push(end));
      return NEVER;
    });
    const seen = told(client.submit({}));
    await settled();
    await server.revoke();
    await settled();
    expect(ends).toEqual(['closed']);
    expect(seen).toMatchObject([{ reason: 'session-closed' }]);
    expect(served.server.sessionCount).toBe(0);
  });
});

describe('respond', () => {
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
    expect(seen).toEqual([DROPPED]);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, operationsQueued: 0 });
  });
});
