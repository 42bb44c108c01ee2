import { SessionRejectedError } from '../../../src/client/errors';
import type { ServerOptions } from '../../../src/server/options';
import { SessionErrorCode } from '../../../src/wire/messages/session-open';
import { ask, asked, byCount, found, serve, serveOn, ticketsOf, whole } from './answers';
import { VirtualNodes, type VirtualNode } from './support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

/** Proof of receipt is asked for every few results. */
const PROVED: Partial<ServerOptions> = { outbox: { maxBytes: 8192 } };
const RETAIN: Partial<ServerOptions> = { ...PROVED, retain: { ms: 60_000 } };

/** A page that has asked for something, and is gone before a node is. */
async function asks(count: number, options: Partial<ServerOptions>, ...bodies: readonly string[]) {
  nodes = new VirtualNodes(count, options);
  serve(nodes);
  const session = await nodes.open();
  const ticket = ticketsOf(session);
  const told = bodies.map((body) => ask(session, body));
  return { session, ticket, told, owner: nodes.nodes[0]! };
}

/** The page is closed, which nobody hears of; then its node crashes, and is known to be gone. */
async function lose(node: VirtualNode): Promise<void> {
  nodes.unplug();
  nodes.cut(node);
  await nodes.pass(5);
  nodes.crash(node);
  await nodes.pass(5500);
  nodes.plug();
}

describe('an answer that is kept, to a client with a ticket', () => {
  it('is given whole by way of another node, finished or not, while its owner lives', async () => {
    const { ticket, owner } = await asks(2, RETAIN, '20 1', '100 10');
    await nodes.pass(505);
    nodes.sendTo(nodes.nodes[1]!);
    const given = found(await nodes.resume(ticket()));
    expect(given).toMatchObject([
      { asked: '20 1', isWhole: true },
      { asked: '100 10', isWhole: true },
    ]);
    await nodes.pass(600);
    expect(given).toMatchObject([
      { text: whole(20), end: 'complete' },
      { text: whole(100), end: 'complete' },
    ]);
    expect(owner.server.sessionCount).toBe(1);
    expect(nodes.nodes.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('is given whole where its owner is gone, though its first client has proved to have it', async () => {
    const { ticket, owner, told } = await asks(2, RETAIN, '60 1', '1000 10');
    await nodes.pass(405);
    expect(told[0]).toEqual({ text: whole(60), end: 'complete' });
    await lose(owner);
    const given = found(await nodes.resume(ticket()));
    await nodes.pass(50);

    expect(given[0]).toEqual({ asked: '60 1', isWhole: true, text: whole(60), end: 'complete' });
    expect(given[1]).toMatchObject({ asked: '1000 10', isWhole: true, end: { reason: 'node-lost' } });
    expect(whole(1000).startsWith(given[1]!.text)).toBe(true);
    expect(given[1]!.text.length).toBeGreaterThanOrEqual(told[1]!.text.length);
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('runs on from its first result, where the application goes on with it', async () => {
    nodes = new VirtualNodes(2, RETAIN);
    serveOn(nodes, byCount);
    const session = await nodes.open();
    const ticket = ticketsOf(session);
    ask(session, '80 10');
    await nodes.pass(405);
    await lose(nodes.nodes[0]!);
    const given = found(await nodes.resume(ticket()));
    await nodes.pass(600);

    expect(given).toEqual([{ asked: '80 10', isWhole: true, text: whole(80), end: 'complete' }]);
  });

  it('outlives one node after the other, and each client with a ticket', async () => {
    const { ticket, owner } = await asks(3, RETAIN, '30 1');
    await nodes.pass(100);
    // Whatever it is given has other numbers from then on, and is more than an outbox holds.
    const second = await nodes.resume(ticket());
    const next = ticketsOf(second);
    ask(second, '40 1');
    await nodes.pass(100);
    await lose(owner);
    const third = await nodes.resume(next());
    const last = ticketsOf(third);
    const answers = [
      { asked: '30 1', isWhole: true, text: whole(30), end: 'complete' },
      { asked: '40 1', isWhole: true, text: whole(40), end: 'complete' },
    ];
    const given = found(third);
    await nodes.pass(50);
    expect(given).toEqual(answers);
    await lose(nodes.nodes[1]!);
    const again = found(await nodes.resume(last()));
    await nodes.pass(50);

    expect(again).toEqual(answers);
    expect(nodes.nodes[2]!.failures).toEqual([]);
  });

  it('is said again to a store that has forgotten it', async () => {
    const { ticket, owner } = await asks(2, RETAIN, '40 1', '20 20');
    await nodes.pass(200);
    nodes.cluster.forget();
    await nodes.pass(1000);
    await lose(owner);
    const given = found(await nodes.resume(ticket()));
    await nodes.pass(50);

    expect(given).toMatchObject([
      { text: whole(40), end: 'complete' },
      { text: whole(20), end: 'complete' },
    ]);
  });

  it('is whole also where the store was away as it was given', async () => {
    const { ticket, owner } = await asks(2, RETAIN, '1 1');
    await nodes.pass(50);
    const session = await nodes.resume(ticket());
    const newest = ticketsOf(session);
    nodes.storeIs('down');
    const told = ask(session, '100 1');
    await nodes.pass(300);
    expect(told.end).toBe('complete');
    nodes.storeIs('up');
    await nodes.pass(1000);
    await lose(owner);
    const given = found(await nodes.resume(newest()));
    await nodes.pass(50);

    expect(given.at(-1)).toEqual({ asked: '100 1', isWhole: true, text: whole(100), end: 'complete' });
  });

  it('is left by a server that closes, however long it is', async () => {
    const { session, ticket, owner } = await asks(2, { retain: { ms: 60_000 } });
    const told = ask(session, '3000 0');
    await nodes.pass(3200);
    expect(told.end).toBe('complete');
    nodes.unplug();
    nodes.cut(owner);
    await nodes.pass(5);
    await nodes.close(owner);
    nodes.plug();
    const given = found(await nodes.resume(ticket()));
    await nodes.pass(50);

    expect(given).toEqual([{ asked: '3000 0', isWhole: true, text: whole(3000), end: 'complete' }]);
  });
});

describe('an answer that is kept no more', () => {
  it('is left out once its time is over, at whichever node', async () => {
    const { ticket, owner } = await asks(2, { ...PROVED, retain: { ms: 3000 } }, '40 1', '600 10');
    await nodes.pass(405);
    await lose(owner);
    const given = found(await nodes.resume(ticket()));
    await nodes.pass(50);

    expect(given.map(({ asked, isWhole }) => ({ asked, isWhole }))).toEqual([
      { asked: '600 10', isWhole: true },
    ]);
  });

  it('is not what its session is refused for, where nothing else is lacking', async () => {
    const { ticket, owner } = await asks(2, { ...PROVED, retain: { ms: 3000 } }, '40 1');
    await nodes.pass(405);
    await lose(owner);
    const resumed = await nodes.resume(ticket());
    expect(resumed.operations).toEqual([]);
    expect(nodes.nodes[1]!.server.usage.retainedBytes).toBe(0);
  });

  it('is kept for its time, and no longer, at the node that has taken it over', async () => {
    const { ticket, owner } = await asks(2, { ...PROVED, retain: { ms: 9000 } }, '40 1');
    await nodes.pass(405);
    await lose(owner);
    const given = found(await nodes.resume(ticket()));
    await nodes.pass(50);
    expect(given).toMatchObject([{ text: whole(40), end: 'complete' }]);
    const [, taker] = nodes.nodes as [VirtualNode, VirtualNode];
    expect(taker.server.usage.retainedBytes).toBeGreaterThan(0);
    await nodes.pass(3500);
    expect(taker.server.usage.retainedBytes).toBe(0);
  });

  it('is refused where it ended while nobody was there, and was more than is kept', async () => {
    nodes = new VirtualNodes(2, { outbox: { maxBytes: 65_536 }, retain: { ms: 60_000, bytes: 8192 } });
    serve(nodes);
    const session = await nodes.open();
    const ticket = ticketsOf(session);
    ask(session, '60 1');
    await nodes.pass(300);
    const early = ticket();
    ask(session, '200 10');
    await nodes.pass(1505);
    nodes.unplug();
    nodes.cut(nodes.nodes[0]!);
    await nodes.pass(1000);
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(5500);
    nodes.plug();
    const error: unknown = await nodes.resume(early).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(SessionRejectedError);
    expect(error).toMatchObject({ errorCode: SessionErrorCode.ResumeRejected });
  });

  it('goes with a node that keeps none, and leaves nothing in the log', async () => {
    nodes = new VirtualNodes(1, RETAIN);
    nodes.add({});
    serve(nodes);
    const session = await nodes.open();
    const told = ask(session, '40 1');
    await nodes.pass(200);
    expect(told.end).toBe('complete');
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(7000);
    expect(await asked(nodes, session, '3 1')).toBe(whole(3));
    expect(nodes.nodes[1]!.failures).toEqual([]);
    expect([...nodes.logged(session.sessionId).fields.keys()]).not.toContain('1');
  });
});

describe('what the log holds', () => {
  it('is bounded, however much is said between the parts of an answer that is kept', async () => {
    nodes = new VirtualNodes(2, { ...PROVED, retain: { ms: 100 } });
    serve(nodes);
    const session = await nodes.open();
    const ticket = ticketsOf(session);
    const slow = ask(session, '50 60');
    const sizes: number[] = [];
    const bytes = (): number =>
      nodes.logged(session.sessionId).results.reduce((sum, { packets }) => sum + packets.length, 0);
    for (let round = 0; round < 10; round++) {
      const told = ask(session, '100 1');
      await nodes.pass(250);
      expect(told.end).toBe('complete');
      sizes.push(bytes());
    }
    // Of 100 parts about 12 kB are logged.
    expect(Math.max(...sizes)).toBeLessThan(80_000);
    await lose(nodes.nodes[0]!);
    const given = found(await nodes.resume(ticket()));
    await nodes.pass(50);
    expect(slow.text.length).toBeGreaterThan(0);
    expect(given.map(({ asked, isWhole }) => ({ asked, isWhole }))).toEqual([
      { asked: '50 60', isWhole: true },
    ]);
    expect(whole(50).startsWith(given[0]!.text)).toBe(true);
    expect(given[0]!.text.length).toBeGreaterThanOrEqual(slow.text.length);
  });
});
