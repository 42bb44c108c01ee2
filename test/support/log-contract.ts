import type { ClusterAccess } from '../../src/cluster/cluster';
import { nodeKey, type LogUpdate, type SessionLog } from '../../src/cluster/session-log';
import { pause } from './until';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const MORE = {
  kind: 'more',
  node: 'a',
  epoch: 1,
  sessionId: 7,
  tokens: undefined,
  fields: [],
  trimTo: 0,
} as const;
const FIRST: LogUpdate = {
  ...MORE,
  kind: 'whole',
  tokens: bytes(9),
  fields: [['f', bytes(0, 255)]],
  before: 0,
  after: 0,
  last: 2,
  results: bytes(1, 2),
  ttlMs: 60_000,
};
const NEXT: LogUpdate = { ...FIRST, ...MORE, before: 1, after: 2, last: 3, results: bytes(3) };

/** What every log of sessions keeps to, whatever it is kept in. `join` gives what a node has of the cluster. */
export function logContract(join: () => Promise<ClusterAccess>): void {
  async function logs(): Promise<readonly [ClusterAccess, SessionLog, SessionLog]> {
    const [access, other] = [await join(), await join()];
    return [access, access.log!, other.log!];
  }

  const kept = { kind: 'kept' };

  it('keeps what is said of sessions, each for itself, and says whose they are', async () => {
    const [, log, other] = await logs();
    expect(await other.find(7)).toBeUndefined();
    const verdicts = await log.append([FIRST, { ...NEXT, sessionId: 8 }, NEXT, { ...FIRST, sessionId: 9 }]);
    expect(verdicts).toEqual([kept, { kind: 'missing' }, kept, kept]);
    expect(await other.find(7)).toMatchObject({ node: 'a', epoch: 1 });
    expect(Array.from((await other.find(7))!.tokens)).toEqual([9]);
    expect(await other.find(8)).toBeUndefined();
    expect(await log.append([])).toEqual([]);
  });

  it('takes what was said again as what is there already', async () => {
    const [, log] = await logs();
    await log.append([FIRST, NEXT]);
    expect(await log.append([NEXT])).toEqual([{ kind: 'at', last: 3 }]);
    expect(await log.append([FIRST, { ...NEXT, after: 9, last: 10 }])).toEqual([
      kept,
      { kind: 'at', last: 2 },
    ]);
  });

  it('finds that it lacks some of what was kept, also where no result tells', async () => {
    const [, log] = await logs();
    const field: LogUpdate = { ...NEXT, after: 2, last: 2, results: bytes(), fields: [['g', bytes(1)]] };
    // The second once more, as if its verdict was lost; the third is one too far.
    expect(await log.append([FIRST, field, field, { ...field, before: 3 }])).toEqual([
      kept,
      kept,
      kept,
      { kind: 'missing' },
    ]);
    expect(await log.append([{ ...field, before: 2 }, FIRST, { ...field, before: 2 }])).toEqual([
      kept,
      kept,
      { kind: 'missing' },
    ]);
  });

  it('says to who asks what it would say of more, and keeps nothing of it', async () => {
    const [, log] = await logs();
    const ask: LogUpdate = { ...NEXT, kind: 'ask', after: 2, last: 2, results: bytes() };
    expect(await log.append([ask, FIRST, ask, { ...ask, before: 2 }, { ...ask, after: 3 }])).toEqual([
      { kind: 'missing' },
      kept,
      kept,
      { kind: 'missing' },
      { kind: 'at', last: 2 },
    ]);
    expect(await log.append([{ ...ask, node: 'b' }])).toEqual([{ kind: 'fenced' }]);
    expect(await log.append([NEXT])).toEqual([kept]);
  });

  it('gives a session to another node, once, where its own is gone; what that says then is refused', async () => {
    const [{ store }, log, other] = await logs();
    await store.put(nodeKey('a'), bytes(1), 60_000);
    await log.append([FIRST, NEXT]);
    const to = { node: 'b', tokens: bytes(5, 6) };
    expect(await other.takeOver(7, { node: 'a', epoch: 1 }, to)).toBeUndefined();
    await store.remove([nodeKey('a')]);
    expect(await other.takeOver(7, { node: 'a', epoch: 2 }, to)).toBeUndefined();
    expect(await other.takeOver(7, { node: 'c', epoch: 1 }, to)).toBeUndefined();
    expect(await other.takeOver(77, { node: 'a', epoch: 1 }, to)).toBeUndefined();
    const both = await Promise.all([
      other.takeOver(7, { node: 'a', epoch: 1 }, to),
      log.takeOver(7, { node: 'a', epoch: 1 }, { ...to, node: 'c' }),
    ]);
    const [taken] = both.filter((each) => each !== undefined);
    expect(both.filter((each) => each === undefined)).toHaveLength(1);
    expect(taken).toMatchObject({ epoch: 2, last: 3 });
    expect([...taken!.fields].map(([name, value]) => [name, Array.from(value)])).toEqual([['f', [0, 255]]]);
    expect(taken!.results.map(({ last, packets }) => [last, Array.from(packets)])).toEqual([
      [2, [1, 2]],
      [3, [3]],
    ]);

    const fenced = { kind: 'fenced' };
    const late: LogUpdate = { ...NEXT, after: 3, last: 4 };
    expect(await log.append([late, FIRST, { kind: 'over', sessionId: 7, node: 'a', epoch: 1 }])).toEqual([
      fenced,
      fenced,
      fenced,
    ]);
    expect(await other.append([{ ...late, node: 'b', epoch: 2 }])).toEqual([kept]);
    expect(Array.from((await log.find(7))!.tokens)).toEqual([5, 6]);
    expect(await log.find(7)).toMatchObject({ epoch: 2 });
  });

  it('refuses what another node says of a session in the same epoch', async () => {
    const [, log, other] = await logs();
    await log.append([FIRST]);
    const foreign: LogUpdate = { ...FIRST, node: 'b', tokens: bytes(6) };
    const said = await other.append([
      foreign,
      { ...NEXT, node: 'b' },
      { kind: 'over', sessionId: 7, node: 'b', epoch: 1 },
    ]);
    expect(said.map((verdict) => verdict?.kind)).toEqual(['fenced', 'fenced', 'fenced']);
    expect(Array.from((await other.find(7))!.tokens)).toEqual([9]);
    expect(await log.append([NEXT, FIRST])).toEqual([kept, kept]);
  });

  it('lets a node take its own session again, whose answer was lost', async () => {
    const [{ store }, log] = await logs();
    await store.put(nodeKey('a'), bytes(1), 60_000);
    await log.append([FIRST]);
    const again = await log.takeOver(7, { node: 'a', epoch: 1 }, { node: 'a', tokens: bytes(1) });
    expect(again).toMatchObject({ epoch: 2, last: 2 });
  });

  it('takes out what is wanted no more, and of the epochs before all of it', async () => {
    const [, log] = await logs();
    await log.append([
      FIRST,
      NEXT,
      { ...NEXT, after: 3, last: 5, results: bytes(4, 5), trimTo: 2, fields: [['f', undefined]] },
    ]);
    const taken = await log.takeOver(7, { node: 'a', epoch: 1 }, { node: 'b', tokens: bytes(1) });
    expect([...taken!.fields]).toEqual([]);
    expect(taken!.results.map(({ last }) => last)).toEqual([3, 5]);
    const owned: LogUpdate = { ...NEXT, node: 'b', epoch: 2, after: 5, last: 6, results: bytes(6) };
    await log.append([owned]);
    const held = async (epoch: number, node: string) =>
      (await log.takeOver(7, { node, epoch }, { node: 'c', tokens: bytes(1) }))!.results.map(
        ({ last }) => last,
      );
    expect(await held(2, 'b')).toEqual([3, 5, 6]);
    await log.append([{ ...owned, node: 'c', epoch: 3, after: 6, last: 7, results: bytes(7), trimTo: 6 }]);
    expect(await held(3, 'c')).toEqual([7]);
  });

  it('begins anew where a session is said whole', async () => {
    const [, log] = await logs();
    await log.append([FIRST, NEXT, { ...FIRST, fields: [], after: 4, last: 5, results: bytes(5) }]);
    const taken = await log.takeOver(7, { node: 'a', epoch: 1 }, { node: 'b', tokens: bytes(1) });
    expect([...taken!.fields]).toEqual([]);
    expect(taken!.results.map(({ last }) => last)).toEqual([5]);
  });

  it("keeps of what is over after it was another node's whose it was, to refuse what that says", async () => {
    const [, log, other] = await logs();
    const to = { node: 'b', tokens: bytes(5, 6) };
    await log.append([FIRST]);
    await other.takeOver(7, { node: 'a', epoch: 1 }, to);
    const over = { kind: 'over', sessionId: 7, node: 'b', epoch: 2 } as const;
    expect(await other.append([over, over])).toEqual([kept, kept]);
    const ask: LogUpdate = { ...NEXT, kind: 'ask', after: 2, last: 2, results: bytes() };
    expect((await log.append([ask, NEXT, FIRST])).map((verdict) => verdict?.kind)).toEqual([
      'fenced',
      'fenced',
      'fenced',
    ]);
    expect(await log.find(7)).toBeUndefined();
    expect(await log.takeOver(7, { node: 'b', epoch: 2 }, { ...to, node: 'c' })).toBeUndefined();
    // As far as its own node is concerned it is not there.
    expect(await other.append([{ ...ask, node: 'b', epoch: 2, before: 0, after: 0 }])).toEqual([
      { kind: 'missing' },
    ]);
  });

  it('forgets of that, too, when its time is over', async () => {
    const [, log] = await logs();
    await log.append([{ ...FIRST, ttlMs: 600 }]);
    await log.takeOver(7, { node: 'a', epoch: 1 }, { node: 'b', tokens: bytes(1) });
    await log.append([{ kind: 'over', sessionId: 7, node: 'b', epoch: 2 }]);
    expect(await log.append([FIRST])).toEqual([{ kind: 'fenced' }]);
    await pause(800);
    expect(await log.append([FIRST])).toEqual([kept]);
  });

  it('forgets what is over, and what its time is over of', async () => {
    const [, log] = await logs();
    await log.append([FIRST, { ...FIRST, sessionId: 8, ttlMs: 150 }]);
    await log.append([{ kind: 'over', sessionId: 7, node: 'a', epoch: 1 }]);
    expect(await log.find(7)).toBeUndefined();
    expect(await log.find(8)).toBeDefined();
    await pause(250);
    expect(await log.find(8)).toBeUndefined();
    expect(await log.append([{ ...NEXT, sessionId: 8 }])).toEqual([{ kind: 'missing' }]);
  });
}
