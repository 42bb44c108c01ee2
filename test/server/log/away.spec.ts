import { interval, map, take } from 'rxjs';
import type { ClientSession } from '../../../src/client/session/session';
import { ask, asked, byCount, serve, serveOn, whole, type Told } from './answers';
import { VirtualNodes } from './support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

/** Asks for what is answered while the client is away. */
async function askAndLeave(...sessions: readonly ClientSession[]): Promise<readonly Told[]> {
  const told = sessions.map((session) => ask(session, '20 1'));
  await nodes.pass(5);
  nodes.unplug();
  nodes.cut(nodes.nodes[0]!);
  return told;
}

async function crash(): Promise<void> {
  nodes.crash(nodes.nodes[0]!);
  nodes.plug();
  await nodes.pass(8000);
}

describe('a store of several servers, of which one is away', () => {
  it('is told of the sessions of the others, as they were asked for and as ever', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const [session, unheard] = [await nodes.open(), await nodes.open()];
    nodes.silence(unheard.sessionId);
    nodes.storeIs('down');
    await nodes.pass(2000);
    nodes.storeIs('up');
    await nodes.pass(2000);
    const [told] = await askAndLeave(session, unheard);
    await nodes.pass(25);
    await crash();

    expect(told).toEqual({ text: whole(20), end: 'complete' });
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('is told of the rest once that is back', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const sessions = [await nodes.open(), await nodes.open()];
    nodes.silence(sessions[1]!.sessionId);
    const told = await askAndLeave(...sessions);
    await nodes.pass(100);
    nodes.silence();
    await nodes.pass(260);
    await crash();

    expect(told).toEqual([
      { text: whole(20), end: 'complete' },
      { text: whole(20), end: 'complete' },
    ]);
  });

  it('is left all that a server has of the others as it closes, however long that is', async () => {
    nodes = new VirtualNodes(2);
    const part = 'x'.repeat(60_000);
    serve(nodes, (session, node) =>
      session.respond(() =>
        interval(10, node.time).pipe(
          take(20),
          map(() => part),
        ),
      ),
    );
    const [session, unheard] = [await nodes.open(), await nodes.open()];
    const [told] = [ask(session, ''), ask(unheard, '')];
    await nodes.pass(5);
    nodes.unplug();
    nodes.cut(nodes.nodes[0]!);
    await nodes.pass(300);
    nodes.silence(unheard.sessionId);
    await nodes.close(nodes.nodes[0]!);
    nodes.plug();
    await nodes.pass(8000);

    expect(told).toEqual({ text: part.repeat(20), end: 'complete' });
  });
});

describe('a store that does not answer', () => {
  it('has results wait for it, as long as they are few', async () => {
    nodes = new VirtualNodes(2);
    serveOn(nodes, byCount);
    const session = await nodes.open();
    const told = ask(session, '2000 2');
    await nodes.pass(21);
    nodes.storeIs('down');
    await nodes.pass(1000);
    nodes.storeIs('up');
    await nodes.pass(400);
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(12_000);

    expect(told).toEqual({ text: whole(2000), end: 'complete' });
  });

  it('has many not wait for it that their client has', async () => {
    nodes = new VirtualNodes(1);
    serveOn(nodes, byCount);
    const session = await nodes.open();
    await nodes.pass(20);
    nodes.storeIs('down');
    const told = ask(session, '3000 1');
    await nodes.pass(3200);

    expect(told.end).toBe('complete');
    // All 3,000 take 1.2 MB.
    expect(nodes.nodes[0]!.server.usage.outboxBytes).toBeLessThan(450_000);
    nodes.storeIs('up');
  });

  it('is no reason why a session cannot wait for its client', async () => {
    nodes = new VirtualNodes(1, { outbox: { maxBytes: 65_536 }, limits: { maxDetachedBytes: 16_384 } });
    serveOn(nodes, byCount);
    const session = await nodes.open();
    await nodes.pass(20);
    nodes.storeIs('down');
    const told = ask(session, '120 1');
    await nodes.pass(200);
    expect(told.end).toBe('complete');
    expect(nodes.nodes[0]!.server.usage.outboxBytes).toBeGreaterThan(16_384);
    nodes.cut(nodes.nodes[0]!);
    await nodes.pass(500);

    expect(await asked(nodes, session, '3 1')).toBe(whole(3));
    expect(nodes.nodes[0]!.server.sessionCount).toBe(1);
    nodes.storeIs('up');
  });

  it('has that wait which a client has as it comes back', async () => {
    nodes = new VirtualNodes(2);
    serveOn(nodes, byCount);
    const session = await nodes.open();
    const told = ask(session, '800 10');
    await nodes.pass(505);
    nodes.storeIs('down');
    await nodes.pass(300);
    nodes.cut(nodes.nodes[0]!);
    await nodes.pass(300);
    nodes.storeIs('up');
    await nodes.pass(600);
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(14_000);

    expect(told).toEqual({ text: whole(800), end: 'complete' });
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });
});
