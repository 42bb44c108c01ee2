import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { Observable } from 'rxjs';
import type { SubmitHandler } from '../../operators';
import type { ClientSession } from '../../src/client/session/session';
import type { ServerSession } from '../../src/server/session/session';
import type { Submit, SubmitEnd } from '../../src/server/session/session-message';
import { endServed, Served } from '../support/served';
import { pause, until } from '../support/until';

/** Milliseconds in which a client hears of an end that was asked for. */
const SOON_MS = 100;
/** What a handler awaits that looks at no signal. */
const DEAF_MS = 120;
const BUDGET_MS = 20;

type Phase = 'before the first part' | 'between parts' | 'while awaiting';

/** How often what a handler has begun was torn down. */
interface Teardowns {
  count: number;
}

/** Waits for ever, or for what looks at no signal. */
async function wait(phase: Phase, signal: AbortSignal): Promise<void> {
  if (phase === 'while awaiting') await pause(DEAF_MS);
  else {
    await new Promise<void>((_, reject) => {
      const abort = (): void => {
        reject(signal.reason as Error);
      };
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
  }
}

async function* generate(phase: Phase, signal: AbortSignal, torn: Teardowns): AsyncGenerator<string> {
  try {
    if (phase !== 'before the first part') yield 'a';
    await wait(phase, signal);
    yield 'b';
  } finally {
    torn.count += 1;
  }
}

const HANDLERS: Readonly<Record<string, (phase: Phase, torn: Teardowns) => SubmitHandler<Submit>>> = {
  'an Observable': (phase, torn) => () =>
    new Observable<string>((subscriber) => {
      if (phase !== 'before the first part') subscriber.next('a');
      return () => {
        torn.count += 1;
      };
    }),
  'a promise':
    (phase, torn) =>
    async (_, { signal }) => {
      try {
        await wait(phase, signal);
        return 'a';
      } finally {
        torn.count += 1;
      }
    },
  'an async generator':
    (phase, torn) =>
    (_, { signal }) =>
      generate(phase, signal, torn),
  'a promise of a stream':
    (phase, torn) =>
    async (_, { signal }) => {
      await pause(1);
      return generate(phase, signal, torn);
    },
  'a web ReadableStream': (phase, torn) => () =>
    new ReadableStream<string>({
      start(controller) {
        if (phase !== 'before the first part') controller.enqueue('a');
      },
      cancel() {
        torn.count += 1;
      },
    }),
  'a stream of Node': (phase, torn) => () => {
    const stream = new Readable({
      encoding: 'utf8',
      read: () => undefined,
      destroy(error, done) {
        torn.count += 1;
        done(error);
      },
    });
    if (phase !== 'before the first part') stream.push('a');
    return stream as AsyncIterable<string>;
  },
};

interface Ends {
  readonly client: ClientSession;
  readonly server: ServerSession;
  readonly served: Served;
  readonly stop: AbortController;
}

interface Ending {
  readonly act: (ends: Ends) => unknown;
  /** What the client is told, and the server. */
  readonly reason: string;
  readonly end: SubmitEnd;
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  'a cancel': {
    act: ({ stop }) => {
      stop.abort();
    },
    reason: 'cancelled',
    end: 'cancelled',
  },
  'a close': { act: ({ client }) => client.close(), reason: 'session-closed', end: 'closed' },
  'a disconnect for good': {
    act: ({ served }) => {
      served.endpoint.cut();
    },
    reason: 'connection-lost',
    end: 'disconnected',
  },
  'its deadline': { act: () => undefined, reason: 'late', end: 'late' },
  'a revoke': { act: ({ server }) => server.revoke(), reason: 'session-closed', end: 'closed' },
  'a drain': {
    act: ({ served }) => served.server.close({ graceMs: 10 }),
    reason: 'session-closed',
    end: 'closed',
  },
};

const PHASES: readonly Phase[] = ['before the first part', 'between parts', 'while awaiting'];

const CASES = Object.keys(HANDLERS).flatMap((shape) =>
  Object.keys(ENDINGS).flatMap((ending) => PHASES.map((phase) => [shape, ending, phase] as const)),
);

afterEach(endServed);

it.each(CASES)('%s is stopped by %s, %s', async (shape, ending, phase) => {
  const { act, reason, end } = ENDINGS[ending]!;
  const torn: Teardowns = { count: 0 };
  const served = new Served();
  const { client, server } = await served.session();
  const ended: SubmitEnd[] = [];
  let begun = 0;
  const handler = HANDLERS[shape]!(phase, torn);
  server.respond(
    (submit, context) => {
      begun += 1;
      submit.ended$.subscribe((how) => ended.push(how));
      return handler(submit, context);
    },
    { late: 'until-end' },
  );
  const stop = new AbortController();
  const told: unknown[] = [];
  let parts = 0;
  const latencyBudgetMs = ending === 'its deadline' ? BUDGET_MS : 60_000;
  client.submit({ signal: stop.signal, metadata: { latencyBudgetMs } }).subscribe({
    next: () => (parts += 1),
    error: (error: unknown) => told.push(error),
    complete: () => told.push('complete'),
  });
  const hasParts = phase !== 'before the first part' && shape !== 'a promise';
  await until(() => (hasParts ? parts === 1 : begun === 1), 'the handler is at work');
  await pause(3);

  const asked = performance.now();
  const acting = act({ client, server, served, stop });
  await until(() => told.length > 0, 'the client is told');
  const tookMs = performance.now() - asked;
  expect(told).toMatchObject([{ name: 'OperationError', reason }]);
  expect(tookMs).toBeLessThan(SOON_MS);
  await until(() => ended.length > 0, 'the server knows');
  expect(ended).toEqual([end]);

  await until(() => torn.count > 0, 'what was begun is torn down');
  await until(
    () => served.server.usage.operationsInFlight === 0 && served.server.usage.slotsKept === 0,
    'its slot is back',
  );
  await acting;
  expect([begun, torn.count]).toEqual([1, 1]);
  expect(served.failures).toEqual([]);
});
