import { Observable, type Subscriber } from 'rxjs';
import { setImmediate as turn } from 'node:timers/promises';
import { connect, createServer, memory } from '../../src';
import { parameters, tell, usage } from '../harness/program';

/** A way to have an answer: what is around it at each end, and how it is read. */
export interface Way {
  readonly intercepted?: 'client' | 'server';
  readonly read: 'subscribed' | 'looped';
  /** Its text (`text$`), in the place of its results. */
  readonly isText?: true;
}

export interface WaysParameters {
  readonly way: Way;
  readonly plain: Way;
  readonly turns: number;
  /** Milliseconds of CPU. */
  readonly heatMs: number;
  /** Milliseconds of CPU, of each turn. */
  readonly runMs: number;
}

/** Microseconds of CPU for a token, of both ends together, turn by turn. */
export interface WaysResult {
  readonly way: readonly number[];
  readonly plain: readonly number[];
}

/** Answers that are under way; each has one token at every step, so that whoever loops waits for each. */
const ANSWERS = 64;
/** Steps between two looks at the clock. */
const STEPS = 20;

type Values = Observable<unknown> & AsyncIterable<unknown>;

/** Both ends in this process: what differs is what is between the handler and who reads. */
async function begun({ intercepted, read, isText }: Way): Promise<(forMs: number) => Promise<number>> {
  const place = memory();
  const handlers = new Set<Subscriber<string>>();
  let tokens = 0;
  const server = createServer({
    listen: place,
    maxInFlightOperations: ANSWERS,
    interceptors: intercepted === 'server' ? [(submit, next) => next(submit)] : [],
  });
  server.sessions$.subscribe((session) => {
    session.respond(
      () =>
        new Observable<string>((handler) => {
          handlers.add(handler);
        }),
    );
  });
  const client = await connect(place, {
    interceptors: intercepted === 'client' ? [(operation, next) => next(operation)] : [],
  });
  const session = await client.openSession({ maxInFlightOperations: ANSWERS });
  for (let answer = 0; answer < ANSWERS; answer++) {
    const results = session.submit({});
    const values: Values = isText === true ? results.text$ : results;
    if (read === 'subscribed') values.subscribe(() => (tokens += 1));
    else void loop(values);
  }
  async function loop(results: Values): Promise<void> {
    for await (const _ of results) tokens += 1;
  }
  while (handlers.size < ANSWERS) await turn();
  return async (forMs) => {
    const before = tokens;
    const { cpu } = usage();
    let used: number;
    do {
      for (let step = 0; step < STEPS; step++) {
        for (const handler of handlers) handler.next('Ish');
        await turn();
      }
      used = usage().cpu - cpu;
    } while (used < forMs * 1000);
    return used / Math.max(1, tokens - before);
  };
}

async function compare({ way, plain, turns, heatMs, runMs }: WaysParameters): Promise<void> {
  const sides = { way: await begun(way), plain: await begun(plain) };
  const result = { way: [] as number[], plain: [] as number[] };
  await sides.way(heatMs);
  await sides.plain(heatMs);
  for (let number = 0; number < turns; number++) {
    for (const side of number % 2 === 0 ? (['way', 'plain'] as const) : (['plain', 'way'] as const))
      result[side].push(await sides[side](runMs));
  }
  tell(result satisfies WaysResult);
}

void compare(parameters<WaysParameters>());
