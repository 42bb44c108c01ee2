import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { config, connectable, merge, mergeWith, NEVER, share, Subject, type Observable } from 'rxjs';
import { told } from '../support/served';
import { pause } from '../support/until';
import { House } from './house';
import { STAGES, type Stage } from './stages';

const ROOT = join(__dirname, '../..');
const FAULT = new Error('the subscriber failed');

function fail(): never {
  throw FAULT;
}

/** The rows of the table: a stream, and what is said of it in the order of the columns. */
const ROWS = readFileSync(join(ROOT, 'docs/streams.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(
    ([
      ,
      stream = '',
      kind = '',
      late = '',
      after = '',
      several = '',
      completes = '',
      errors = '',
      throws = '',
    ]) => ({
      stream: stream.replaceAll('`', ''),
      kind,
      late,
      after,
      several,
      completes,
      errors,
      throws,
    }),
  );

let house: House;
/** What RxJS would have thrown where nothing catches it. */
let uncaught: unknown[];

beforeEach(() => {
  house = new House();
  uncaught = [];
  config.onUnhandledError = (error) => uncaught.push(error);
});

afterEach(async () => {
  await house.end();
  // RxJS throws in a turn of its own.
  await pause(5);
  config.onUnhandledError = null;
});

async function stageOf(stream: string): Promise<Stage> {
  const make = STAGES[stream];
  if (make === undefined) throw new Error(`nothing tries ${stream}`);
  const stage = await make(house);
  await house.quiet();
  return stage;
}

async function act(what: (() => unknown) | undefined): Promise<void> {
  await what?.();
  await house.quiet();
}

const hear = async (stream$: Observable<unknown>): Promise<unknown[]> => {
  const seen = told(stream$);
  await house.quiet();
  return seen;
};

const valuesOf = (seen: readonly unknown[]): unknown[] => seen.filter((each) => each !== '|');

/** The streams among the public names of `nnrp-rx`, as the report in api/ has them. */
function publicStreams(): string[] {
  const report = readFileSync(join(ROOT, 'api/nnrp-rx.api.md'), 'utf8');
  return [...report.matchAll(/^export (?:interface|class|abstract class) (\w+)(.*?)^\}/gms)].flatMap(
    ([, owner = '', body = '']) => [
      ...(/ extends [^{]*Observable</.test(body.split('{')[0] ?? '') ? [owner] : []),
      ...[...body.matchAll(/^ {4}(?:readonly |get )(\w+\$)/gm)].map(([, member]) => `${owner}.${member}`),
    ],
  );
}

it('the table has every public stream, and each is tried', () => {
  const rows = ROWS.map(({ stream }) => stream).sort();
  // What `text$` and `parts$` give has its row there.
  const streams = publicStreams().filter((stream) => stream !== 'TextStream' && stream !== 'PartStream');

  expect(streams.length).toBeGreaterThan(20);
  expect(rows).toEqual(streams.sort());
  expect(Object.keys(STAGES).sort()).toEqual(rows);
});

describe.each(ROWS)('$stream', ({ stream, kind, late, after, several, completes, errors, throws }) => {
  it(`is ${kind}: who comes late is told ${late}`, async () => {
    const { stream$, tell, begun, end } = await stageOf(stream);
    if (kind === 'cold') {
      expect(late).toBe('an answer of its own');
      expect(begun?.()).toBe(0);
      const first = await hear(stream$);
      expect([begun?.(), first]).toEqual([1, []]);
      await act(tell);
      const second = await hear(stream$);
      expect([begun?.(), first.length, second]).toEqual([2, 1, []]);
      return;
    }
    expect(begun).toBeUndefined();
    if (kind === 'held') {
      expect(late).toBe('what has waited');
      await act(tell);
      const first = await hear(stream$);
      const second = await hear(stream$);
      expect([first.length, second]).toEqual([1, []]);
      return;
    }
    const first = await hear(stream$);
    if (kind === 'all') {
      expect(late).toBe('those there are');
      expect(first).toEqual([]);
      await act(tell);
      expect(first).toHaveLength(1);
      expect(await hear(stream$)).toEqual(first);
      return;
    }
    if (kind === 'now') {
      expect(late).toBe('the value now');
      expect(first).toHaveLength(1);
      await act(tell);
      expect(first.length).toBeGreaterThan(1);
      expect(await hear(stream$)).toEqual([first.at(-1)]);
      return;
    }
    expect([kind, late, first]).toEqual(['hot', 'what comes', []]);
    if (tell === undefined) return;
    await act(tell);
    expect(first).toHaveLength(1);
    const second = await hear(stream$);
    expect(second).toEqual([]);
    await act(tell);
    expect(second).toEqual(first.slice(1));
    await act(end.act);
  });

  it(`tells several subscribers ${several}`, async () => {
    const { stream$, tell, end, begun } = await stageOf(stream);
    const seen = [await hear(stream$), await hear(stream$)];
    await act(tell ?? end.act);
    const [first = [], second = []] = seen.map(valuesOf);
    expect(second).toHaveLength(first.length);
    if (several === 'each its own') {
      expect([begun?.(), first.length]).toEqual([2, 1]);
    } else {
      expect(several).toBe('each all');
      expect(second).toEqual(first);
    }
  });

  it(`completes when ${completes}; after that: ${after}`, async () => {
    const { stream$, tell, end, begun } = await stageOf(stream);
    const seen = await hear(stream$);
    await act(tell);
    expect([end.when, seen.includes('|')]).toEqual([completes, false]);
    await act(end.act);
    expect(seen.at(-1)).toBe('|');
    const before = begun?.();
    const later = await hear(stream$);
    if (after === 'an answer of its own') expect(begun?.()).toBe((before ?? 0) + 1);
    else if (after === 'completes') expect(later).toEqual(['|']);
    else expect([after, later]).toEqual(['the last, completes', seen.slice(-2)]);
  });

  it(`errors: ${errors}`, async () => {
    const { stream$, fail: failure } = await stageOf(stream);
    const seen = await hear(stream$);
    if (errors !== 'never') {
      expect(failure?.when).toBe(errors);
      await act(failure?.act);
      expect(seen.at(-1)).toBeInstanceOf(Error);
      return;
    }
    expect(failure).toBeUndefined();
    house.failConnection();
    await act(() => house.server.close({ graceMs: 0 }));
    await act(() => house.leave());
    expect(seen.at(-1)).toBe('|');
  });

  it(`what a subscriber throws goes to ${throws}`, async () => {
    const { stream$, tell, end, costs } = await stageOf(stream);
    const [goes, cost] = throws.split('; ');
    let calls = 0;
    const thrower = (): never => {
      calls += 1;
      return fail();
    };
    stream$.subscribe({ next: thrower, complete: thrower });
    const other = await hear(stream$);
    const before = calls;
    await act(tell ?? end.act);
    const [value] = valuesOf(other);
    if (costs !== undefined) expect([costs.what, costs.isPaid(value)]).toEqual([cost, true]);
    else expect(cost).toBeUndefined();
    // Others hear all of it, and who throws goes on being told.
    expect(other).not.toEqual([]);
    await act(tell);
    expect(calls - before).toBeGreaterThanOrEqual(tell === undefined ? 1 : 2);
    await pause(5);
    const known = house.served.failures.some(({ cause }) => cause === FAULT);
    expect([known, uncaught.includes(FAULT)]).toEqual([goes === '`failures$`', goes === 'RxJS']);
    expect(['`failures$`', 'RxJS', 'nobody']).toContain(goes);
  });
});

describe('what subscribers of submits$ throw is', () => {
  const ways: readonly [string, 'told' | 'RxJS', (submits$: Observable<unknown>) => unknown][] = [
    ['contained behind mergeWith', 'told', (submits$) => submits$.pipe(mergeWith(NEVER)).subscribe(fail)],
    ['contained behind share', 'told', (submits$) => submits$.pipe(share()).subscribe(fail)],
    ["RxJS's in a merge", 'RxJS', (submits$) => merge(submits$, NEVER).subscribe(fail)],
    [
      "RxJS's behind a subject",
      'RxJS',
      (submits$) => {
        const subject = new Subject<unknown>();
        subject.subscribe(fail);
        return submits$.subscribe(subject);
      },
    ],
    ["RxJS's where it is made connectable", 'RxJS', (submits$) => connected(submits$)],
  ];

  it.each(ways)('%s', async (_, where, subscribe) => {
    const { served, asked } = await house.session();
    subscribe(served.submits$);
    asked.submit({ body: 'x' }).subscribe({ error: () => undefined });
    await house.quiet();
    await pause(5);
    const known = house.served.failures.some(({ cause }) => cause === FAULT);
    expect([known, uncaught]).toEqual(where === 'told' ? [true, []] : [false, [FAULT]]);
  });

  function connected(submits$: Observable<unknown>): unknown {
    const connectable$ = connectable(submits$);
    connectable$.subscribe(fail);
    return connectable$.connect();
  }
});

it('a stream of a session, a server and a client is one object', async () => {
  const { served, asked } = await house.session();
  const client = await house.client();
  for (const [owner, name] of [
    [served, 'ServerSession'],
    [asked, 'ClientSession'],
    [client, 'Client'],
    [house.server, 'Server'],
  ] as const) {
    const names = ROWS.flatMap(({ stream }) =>
      stream.startsWith(`${name}.`) ? [stream.slice(name.length + 1)] : [],
    );
    const once = names.map((stream) => Reflect.get(owner, stream) as unknown);
    names.forEach((stream, index) => {
      expect(Reflect.get(owner, stream)).toBe(once[index]);
    });
  }
});
