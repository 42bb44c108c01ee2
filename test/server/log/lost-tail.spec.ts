import { concatMap, filter, from, map, switchMap, timer, type Observable } from 'rxjs';
import type { SentBefore } from '../../../src/server/log/sent-before';
import { ask, asked, byCount, byText, parts, serve, serveOn, whole } from './answers';
import { VirtualNodes } from './support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

/** The node that serves is without the log for a second, and then gone. */
async function crashUnheard(): Promise<void> {
  nodes.storeIs('down');
  await nodes.pass(1000);
  nodes.crash(nodes.nodes[0]!);
  nodes.storeIs('up');
}

describe('a node that is gone before the log has heard', () => {
  it('ends what its client has more of, where the content counts', async () => {
    nodes = new VirtualNodes(2);
    serveOn(nodes, byText);
    const session = await nodes.open();
    const told = ask(session, '800 10');
    await nodes.pass(1005);
    await crashUnheard();
    await nodes.pass(10_000);

    expect(told.end).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('goes on where only their number counts', async () => {
    nodes = new VirtualNodes(2);
    serveOn(nodes, byCount);
    const session = await nodes.open();
    const told = ask(session, '800 10');
    await nodes.pass(1005);
    await crashUnheard();
    await nodes.pass(13_000);

    expect(told).toEqual({ text: whole(800), end: 'complete' });
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it.each([
    ['before the log is away', 100, 0],
    ['while the log is away', 0, 100],
  ])('goes on where its client was away for a while, %s', async (_, before, meanwhile) => {
    nodes = new VirtualNodes(2);
    serveOn(nodes, byCount);
    const session = await nodes.open();
    const told = ask(session, '800 10');
    const away = async (ms: number): Promise<void> => {
      if (ms === 0) return;
      nodes.unplug();
      nodes.cut(nodes.nodes[0]!);
      await nodes.pass(ms);
      nodes.plug();
      await nodes.pass(200);
    };
    await nodes.pass(505);
    await away(before);
    nodes.storeIs('down');
    await nodes.pass(200);
    await away(meanwhile);
    await nodes.pass(200);
    nodes.crash(nodes.nodes[0]!);
    nodes.storeIs('up');
    await nodes.pass(13_000);

    expect(told).toEqual({ text: whole(800), end: 'complete' });
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('goes on where several parts came at once', async () => {
    nodes = new VirtualNodes(2);
    const numbers = Array.from({ length: 80 }, (_, index) => index);
    // One by one at first, then many in a turn.
    const turns = [0, 1, 2, 3].flatMap((twenty) => {
      const turn = numbers.slice(20 * twenty, 20 * (twenty + 1));
      return twenty === 0 ? turn.map((part) => [part]) : [turn];
    });
    serve(nodes, (session, node) => {
      const after = (first: number): Observable<string> =>
        from(turns).pipe(
          concatMap((turn) => timer(turn.length > 1 ? 500 : 10, node.time).pipe(switchMap(() => turn))),
          filter((part) => part >= first),
          map((part) => `${part} `),
        );
      const continueWith = (_: unknown, { count }: SentBefore): Observable<string> => after(count);
      session.respond(() => after(0), { coalesce: true, continueWith });
    });
    const session = await nodes.open();
    const told = ask(session, 'x');
    await nodes.pass(300);
    await crashUnheard();
    await nodes.pass(10_000);

    expect(told).toEqual({ text: whole(80), end: 'complete' });
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('goes on also where another operation has had a part in what the log lacks', async () => {
    nodes = new VirtualNodes(2);
    serveOn(nodes, byCount);
    const session = await nodes.open();
    const told = ask(session, '800 10');
    await nodes.pass(1005);
    nodes.storeIs('down');
    const done = ask(session, '20 1');
    await nodes.pass(1000);
    nodes.crash(nodes.nodes[0]!);
    nodes.storeIs('up');
    await nodes.pass(13_000);

    expect([done, told]).toEqual([
      { text: whole(20), end: 'complete' },
      { text: whole(800), end: 'complete' },
    ]);
  });

  it('ends what the log has forgotten with its tail, also where no result was in that', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const session = await nodes.open();
    expect(await asked(nodes, session, '2 1')).toBe(whole(2));
    const loseTail = nodes.cluster.checkpoint();
    const forgotten = ask(session, '1 60000');
    await nodes.pass(50);
    loseTail();
    const told = ask(session, '1 60000');
    await nodes.pass(50);
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(10_000);

    for (const { end } of [forgotten, told]) expect(end).toMatchObject({ reason: 'node-lost' });
  });

  it('has said again what the log lost with its tail, as soon as that is back', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const session = await nodes.open();
    expect(await asked(nodes, session, '2 1')).toBe(whole(2));
    const told = ask(session, '20 1');
    await nodes.pass(5);
    const loseTail = nodes.cluster.checkpoint();
    nodes.unplug();
    nodes.cut(nodes.nodes[0]!);
    // Answered while its client is away, and forgotten: the session has no more to say.
    await nodes.pass(30);
    nodes.storeIs('down');
    loseTail();
    await nodes.pass(100);
    nodes.storeIs('up');
    await nodes.pass(100);
    nodes.crash(nodes.nodes[0]!);
    nodes.plug();
    await nodes.pass(10_000);

    expect(told).toEqual({ text: whole(20), end: 'complete' });
  });

  it('ends what the log has never heard of', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const session = await nodes.open();
    expect(await asked(nodes, session, '2 1')).toBe(whole(2));
    nodes.storeIs('down');
    const [done, told] = [ask(session, '2 1'), ask(session, '800 10')];
    await nodes.pass(1000);
    nodes.crash(nodes.nodes[0]!);
    nodes.storeIs('up');
    await nodes.pass(10_000);

    expect(done.end).toBe('complete');
    expect(told.end).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
    expect(await asked(nodes, session, '2 1')).toBe(whole(2));
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });
});

describe('a store that has forgotten everything', () => {
  it('hears it again', async () => {
    nodes = new VirtualNodes(2);
    serveOn(nodes, byCount);
    const session = await nodes.open();
    const told = ask(session, '200 1');
    await nodes.pass(50);
    nodes.cluster.forget();
    await nodes.pass(400);
    expect(told.end).toBe('complete');
    const second = ask(session, '800 10');
    await nodes.pass(2005);
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(14_000);

    expect(second).toEqual({ text: whole(800), end: 'complete' });
  });
});

describe('a store that has lost its newest writes', () => {
  it('hears them again, as long as their node lives', async () => {
    nodes = new VirtualNodes(2);
    serveOn(nodes, byText);
    const session = await nodes.open();
    const told = [ask(session, '800 10'), ask(session, '60 10')];
    await nodes.pass(505);
    nodes.losesTail(true);
    await nodes.pass(150);
    told.push(ask(session, '700 10'));
    await nodes.pass(150);
    nodes.losesTail(false);
    await nodes.pass(300);
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(14_000);

    expect(told).toEqual([
      { text: whole(800), end: 'complete' },
      { text: whole(60), end: 'complete' },
      { text: whole(700), end: 'complete' },
    ]);
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('costs operations, and leaves no gap, where their node is gone too', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const session = await nodes.open();
    const told = ask(session, '100 10');
    await nodes.pass(505);
    nodes.losesTail(true);
    nodes.unplug();
    nodes.cut(nodes.nodes[0]!);
    await nodes.pass(300);
    nodes.crash(nodes.nodes[0]!);
    nodes.plug();
    nodes.losesTail(false);
    await nodes.pass(8000);

    expect(told.end).toMatchObject({ reason: 'node-lost' });
    expect(whole(100).startsWith(told.text)).toBe(true);
  });
});

it.each(['preview3', 'preview4'] as const)(
  'ends what had ended, of which the log has the session and not the end, for a client of %s',
  async (revision) => {
    nodes = new VirtualNodes(2, { retain: { ms: 60_000 } });
    const long = 'x'.repeat(16_384);
    serve(nodes, (session, node) => {
      session.respond(({ text }) => (text === 'long' ? Array<string>(40).fill(long) : parts(node, text)));
    });
    const session = await nodes.open({ revision });
    const kept = ask(session, 'long');
    await nodes.pass(100);
    const told = ask(session, '20 5');
    await nodes.pass(50);
    nodes.unplug();
    nodes.cut(nodes.nodes[0]!);
    nodes.storeIs('down');
    await nodes.pass(200);
    nodes.cluster.forget();
    nodes.storeIs('up');
    const said = nodes.calls.length;
    const wholes = () =>
      nodes.calls
        .slice(said)
        .flat()
        .filter(({ kind }) => kind === 'whole');
    // What is kept of the first answer takes more than one update; the end of the second comes with the last.
    for (let passed = 0; passed < 5000 && wholes().length === 0; passed++) await nodes.pass(1);
    expect(wholes()).toHaveLength(1);
    nodes.crash(nodes.nodes[0]!);
    nodes.plug();
    await nodes.pass(10_000);

    expect(kept.end).toBe('complete');
    expect(told.end).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
    expect(await asked(nodes, session, '3 1')).toBe(whole(3));
    expect(nodes.nodes[1]!.failures).toEqual([]);
  },
);
