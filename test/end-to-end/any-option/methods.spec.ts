import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { isObservable, lastValueFrom, takeUntil, timer, type Observable } from 'rxjs';
import * as everything from '../../../src/index';
import { settled } from '../../support/async';
import { endServed } from '../../support/served';
import { CALLS, sides } from './calls';
import { CALLBACKS, valuesOf } from './candidates';
import { expectNothingUncaught, soon, watchUncaught } from './visits';

const RUNS = 40;

watchUncaught();
afterEach(endServed);
/** What the engine says of a slip in the library, where the library has nothing to say. */
const OF_THE_ENGINE =
  /cannot (read|destructure|convert|use|mix|set|access)|is not (a function|iterable|a constructor|defined)|where a stream was expected|null or undefined|serialize a BigInt|circular structure|invalid (array|typed|time)/i;

/** Objects whose every part throws: what they throw is the caller's own. */
const OWN = 'ask somebody else';
const HOSTILE: readonly unknown[] = [
  { then: () => raise() },
  Object.defineProperty({}, 'then', { get: raise, enumerable: true }),
  new Promise<never>(() => {}),
  '\ud800',
  2 ** 53,
  Symbol('s'),
  new Date(NaN),
  new DataView(new ArrayBuffer(4)),
];

const NOTHING = new Proxy({}, { get: raise, ownKeys: raise, has: raise, getPrototypeOf: raise });

/** In a function: fast-check itself looks at what it draws. */
const anything = fc.oneof(
  { weight: 9, arbitrary: valuesOf([...HOSTILE, ...CALLBACKS]).map((value) => () => value) },
  { weight: 1, arbitrary: fc.constant(() => NOTHING) },
);

/** What is tried of each call, whatever else is drawn. */
const ALWAYS: readonly unknown[] = [
  undefined,
  null,
  NaN,
  Infinity,
  -1,
  '',
  'text',
  {},
  [],
  5n,
  Object.create(null),
  true,
];
const examples: [() => unknown][] = [
  ...[...ALWAYS, ...HOSTILE].map((value): [() => unknown] => [() => value]),
  [() => NOTHING],
];

function raise(): never {
  throw new Error(OWN);
}

/** What a call has thrown, or what it gives has ended with. */
async function failureOf(name: string, call: () => unknown): Promise<unknown> {
  try {
    const given = call();
    if (isObservable(given)) await soon(name, lastOf(given));
    else await soon(name, Promise.resolve(given));
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A submit that is right is not answered here: it is given up after a while. */
function lastOf(given: Observable<unknown>): Promise<unknown> {
  return lastValueFrom(given.pipe(takeUntil(timer(5))), { defaultValue: undefined });
}

describe.each(Object.entries(CALLS))('what is given to %s', (name, call) => {
  it('is taken, or refused in words; no call hangs, nobody dies, and the session goes on', () =>
    fc.assert(
      fc.asyncProperty(anything, async (make) => {
        const all = await sides();
        const error = await failureOf(name, () => call(all, make() as never));
        if (error !== undefined) expectWords(error);
        if (all.session.state === 'open') {
          // Whatever the call has said of credit.
          all.served.unpause(4);
          all.served.respond(() => 'answer');
          await settled();
          const { text } = await soon('a submit', all.session.submit({ body: 'x' }).whole());
          expect(text).toBe('answer');
        }
        await endServed();
        await expectNothingUncaught();
      }),
      { numRuns: RUNS, examples },
    ));
});

const given = new Set(Object.keys(CALLS).map((name) => name.split(',')[0]));

describe('the functions that anybody may call', () => {
  it('are all of them above', () => {
    const functions = Object.entries(everything).flatMap(([name, value]) =>
      // Classes are made by the library, and theirs to extend.
      typeof value === 'function' && /^[a-z]/.test(name) ? [name] : [],
    );
    expect(functions.length).toBeGreaterThan(15);
    expect(functions.filter((name) => !given.has(name))).toEqual([]);
  });
});

/** Each method with arguments that the API report has, as `Name.method`. */
function publicMethods(): string[] {
  const report = readFileSync('api/nnrp-rx.api.md', 'utf8');
  const types = report.matchAll(/^export (?:interface|class) (\w+)[^{]*\{\n(.*?)^\}/gms);
  return [...types].flatMap(([, type, body]) =>
    [...(body ?? '').matchAll(/^ {4}(\w+)(?:<.*?>)?\((?!\))/gm)]
      .filter(([, name]) => name !== 'constructor')
      .map(([, name]) => `${type}.${name}`),
  );
}

describe('the methods that anybody may call', () => {
  it('are all of them above', () => {
    const methods = publicMethods();
    expect(methods.length).toBeGreaterThan(40);
    // An endpoint is listened on by its server.
    expect(methods.filter((name) => !given.has(name))).toEqual(['ListenEndpoint.listen']);
  });
});

describe('what a handler answers', () => {
  it('is an answer, or fails its operation in words; the session goes on', () =>
    fc.assert(
      fc.asyncProperty(anything, fc.constantFrom('at once', 'later', 'yielded'), async (make, when) => {
        const { session, served, client } = await sides();
        const handlers = {
          'at once': () => make(),
          later: async () => make(),
          yielded: function* () {
            yield make();
          },
        };
        const responding = served.respond(handlers[when] as never);
        const error = await failureOf('a submit', () => session.submit({ body: 'x' }));
        if (error !== undefined) expect(error).toMatchObject({ name: 'OperationError' });
        responding.unsubscribe();
        served.respond(() => 'answer');
        const { text } = await soon('a submit', session.submit({ body: 'x' }).whole());
        expect(text).toBe('answer');
        expect(client.usage.operationsInFlight).toBe(1);
        await endServed();
        await expectNothingUncaught();
      }),
    ));
});

function expectWords(error: unknown): void {
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).not.toMatch(OF_THE_ENGINE);
}
