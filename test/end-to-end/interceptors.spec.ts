import {
  delay,
  EMPTY,
  finalize,
  firstValueFrom,
  lastValueFrom,
  NEVER,
  of,
  retry,
  tap,
  throwError,
  toArray,
} from 'rxjs';
import type { Interceptor } from '../../operators';
import type { ClientOperation } from '../../src/client/submissions/client-interceptor';
import type { OperationTimings } from '../../src/client/submissions/stopwatch';
import { decodeTokens } from '../../src/protocol/content/token-decoder';
import { failure } from '../../src/protocol/operation/failure';
import type { Result, ResultPush } from '../../src/protocol/operation/result';
import type { Submit } from '../../src/server/session/session-message';
import { settled } from '../support/async';
import { endServed, Served } from '../support/served';
import { VirtualTime } from '../support/virtual-time';

type OfClient = Interceptor<ClientOperation, ResultPush>;
type OfServer = Interceptor<Submit, Result>;

afterEach(endServed);

describe.each(['preview3', 'preview4'] as const)('interceptors, in %s', (revision) => {
  it('are around every operation at both ends', async () => {
    const log: string[] = [];
    const ofServer: OfServer = (submit, next) => {
      log.push(`server ${submit.frameId}`);
      return next(submit).pipe(finalize(() => log.push(`server ${submit.frameId} is over`)));
    };
    const ofClient: OfClient = (operation, next) =>
      next(operation).pipe(finalize(() => log.push(`client ${operation.frameId} is over`)));
    const served = new Served({ interceptors: [ofServer] });
    served.server.sessions$.subscribe((session) => session.respond(() => of('Call', ' me')));
    const client = await served.connect({ revision, interceptors: [ofClient] });
    const session = await client.openSession();
    const { text } = await session.submit({}).whole();
    const parts: string[] = [];
    for await (const part of session.submit({}).text$) parts.push(part);
    expect([text, parts.join('')]).toEqual(['Call me', 'Call me']);
    expect(log).toEqual(
      [1, 2].flatMap((id) => [`server ${id}`, `server ${id} is over`, `client ${id} is over`]),
    );
  });

  it('carry the trace id from one end to the other', async () => {
    const seen: bigint[] = [];
    const served = new Served({
      interceptors: [
        (submit, next) => {
          seen.push(submit.traceId);
          return next(submit);
        },
      ],
    });
    served.server.sessions$.subscribe((session) => session.respond(() => EMPTY));
    const traced: OfClient = (operation, next) =>
      next(operation.request.traceId === undefined ? operation.with({ traceId: 7n }) : operation);
    const session = await (await served.connect({ revision, interceptors: [traced] })).openSession();
    await session.submit({}).whole();
    await session.submit({ traceId: 2n ** 64n - 1n }).whole();
    await session.submit({ traceId: 3n })[Symbol.asyncIterator]().next();
    expect(seen).toEqual([7n, 2n ** 64n - 1n, 3n]);
  });

  it('say how long an operation took: on its last result, and at its client', async () => {
    const scheduler = new VirtualTime();
    const served = new Served({ scheduler, maxInFlightOperations: 1 });
    served.server.sessions$.subscribe((session) =>
      session.respond(async function* (submit) {
        await firstValueFrom(of(0).pipe(delay(30, scheduler)));
        yield 'Call';
        await firstValueFrom(of(0).pipe(delay(10, scheduler)));
        yield ' me';
        if (submit.frameId === 3) yield submit.complete(undefined, { inferenceMs: 7 });
      }),
    );
    const timings: OperationTimings[] = [];
    const timed: OfClient = (operation, next) => {
      timings.push(operation.timings);
      return next(operation);
    };
    const client = await served.connect({ scheduler, revision, interceptors: [timed] });
    const session = await client.openSession({ maxInFlightOperations: 1 });
    const ends: object[] = [];
    for (let count = 0; count < 3; count++) {
      session.submit({}).subscribe({
        next: ({ metadata: { queueMs, inferenceMs, serverTotalMs } }) => {
          ends.push({ queueMs, inferenceMs, serverTotalMs });
        },
      });
    }
    await pass(scheduler, 200, 5);
    expect(ends.filter((_, index) => index % 3 === 2)).toEqual([
      { queueMs: 0, inferenceMs: 40, serverTotalMs: 40 },
      { queueMs: 0, inferenceMs: 40, serverTotalMs: 40 },
      { queueMs: 0, inferenceMs: 7, serverTotalMs: 40 },
    ]);
    expect(timings.map((each) => JSON.parse(JSON.stringify(each)) as unknown)).toEqual([
      { queueMs: 0, firstMs: 30, meanGapMs: 5, maxGapMs: 10, totalMs: 40 },
      { queueMs: 40, firstMs: 70, meanGapMs: 5, maxGapMs: 10, totalMs: 80 },
      { queueMs: 80, firstMs: 110, meanGapMs: 5, maxGapMs: 10, totalMs: 120 },
    ]);
  });
});

describe('an interceptor of a client', () => {
  async function asking(...interceptors: readonly OfClient[]) {
    const served = new Served();
    let handled = 0;
    let stopped = 0;
    served.server.sessions$.subscribe((session) =>
      session.respond(({ text }, { signal }) => {
        handled += 1;
        signal.addEventListener('abort', () => (stopped += 1));
        if (text === 'busy' && handled === 1) return failure(503, 'not now');
        return text === 'never' ? NEVER : of('Call', ' me');
      }),
    );
    const session = await (await served.connect({ interceptors })).openSession();
    return { session, handled: () => handled, stopped: () => stopped };
  }

  it('sees a cancel, and may cancel: either is one at the server', async () => {
    let unsubscribed = 0;
    const { session, stopped } = await asking((operation, next) =>
      next(operation).pipe(tap({ unsubscribe: () => (unsubscribed += 1) })),
    );
    const asked = session.submit({ body: 'never' }).subscribe();
    await settled();
    asked.unsubscribe();
    const loop = session.submit({ body: 'never' })[Symbol.asyncIterator]();
    void loop.next();
    await settled();
    await loop.return?.();
    await settled();
    expect([unsubscribed, stopped()]).toEqual([2, 2]);
  });

  it('may ask again, of a loop, too', async () => {
    const { session, handled } = await asking((operation, next) => next(operation).pipe(retry(1)));
    const parts: string[] = [];
    for await (const result of session.submit({ body: 'busy' })) parts.push(...decodeTokens(result));
    expect(parts.join('')).toBe('Call me');
    expect(handled()).toBe(2);
  });

  it('may answer later, and by itself', async () => {
    const answered = {
      type: 'push',
      frameId: 0,
      metadata: { payloadKindBitmap: 0, payloadFrameCount: 0 },
      body: Buffer.from('cached'),
    };
    const { session, handled } = await asking(() => of(answered as unknown as ResultPush).pipe(delay(5)));
    expect((await session.submit({}).whole()).text).toBe('cached');
    const parts: string[] = [];
    for await (const part of session.submit({}).text$) parts.push(part);
    expect([parts, handled()]).toEqual([['cached'], 0]);
  });

  it.each<[string, OfClient, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
      /^broken$/,
    ],
    ['errors', () => throwError(() => new Error('broken')), /^broken$/],
    [
      'gives nothing',
      (() => undefined) as unknown as OfClient,
      /^an interceptor must return an Observable, got undefined/,
    ],
    [
      'asks for nothing',
      (_, next) => next(undefined as never),
      /^an interceptor must call next with the operation, .*, got undefined$/,
    ],
    [
      'asks for what is none',
      (operation, next) => next(operation.with({ body: 5 as never })),
      /body must be a Uint8Array or a string, got a number/,
    ],
  ])('costs its operation alone where it %s', async (_, broken, message) => {
    let isBroken = true;
    const { session } = await asking((operation, next) =>
      isBroken ? broken(operation, next) : next(operation),
    );
    await expect(session.submit({}).whole()).rejects.toThrow(message);
    const loop = session.submit({})[Symbol.asyncIterator]();
    await expect(loop.next()).rejects.toThrow(message);
    await expect(loop.next()).resolves.toEqual({ done: true, value: undefined });
    isBroken = false;
    await expect(session.submit({}).whole()).resolves.toMatchObject({ text: 'Call me' });
  });

  it('is left once a loop is told that its signal has aborted, also before anything was submitted', async () => {
    let finalized = 0;
    const { session, handled } = await asking((operation, next) =>
      (operation.request.body === 'later' ? NEVER : next(operation)).pipe(finalize(() => (finalized += 1))),
    );
    for (const body of ['later', 'never']) {
      const stop = new AbortController();
      const loop = session.submit({ body, signal: stop.signal })[Symbol.asyncIterator]();
      const next = loop.next();
      await settled();
      stop.abort(new Error('enough'));
      await expect(next).rejects.toMatchObject({ reason: 'cancelled' });
    }
    expect([finalized, handled()]).toEqual([2, 1]);
  });
});

describe('the times of a result', () => {
  it('are at most what the wire has', async () => {
    const scheduler = new VirtualTime();
    const served = new Served({ scheduler });
    served.server.sessions$.subscribe((session) =>
      session.respond(() => of('late').pipe(delay(70_000, scheduler))),
    );
    const session = await (await served.connect({ scheduler })).openSession();
    const asked = lastValueFrom(session.submit({}).pipe(toArray()));
    await settled();
    await pass(scheduler, 70_000, 1000);
    const [, last] = await asked;
    expect(last?.metadata).toMatchObject({ queueMs: 0, inferenceMs: 65_535, serverTotalMs: 65_535 });
  });
});

/** Lets so many milliseconds pass, and what is done meanwhile be done. */
async function pass(time: VirtualTime, ms: number, step: number): Promise<void> {
  await settled();
  for (let passed = 0; passed < ms; passed += step) {
    time.advance(step);
    await settled();
  }
}
