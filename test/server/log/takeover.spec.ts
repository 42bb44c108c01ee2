import { finalize, tap } from 'rxjs';
import { ask, asked, parts, serve, ticketsOf, whole } from './answers';
import { VirtualNodes, type VirtualNode } from './support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

describe.each(['preview3', 'preview4'] as const)('a node that is gone, of a client of %s', (revision) => {
  it('leaves a finished answer to its client, whole and once', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const session = await nodes.open({ revision });
    const told = ask(session, '20 1');
    await nodes.pass(5);
    // The client is away; the answer ends meanwhile.
    nodes.unplug();
    nodes.cut(nodes.nodes[0]!);
    await nodes.pass(30);
    nodes.crash(nodes.nodes[0]!);
    nodes.plug();
    expect(told.end).toBeUndefined();
    await nodes.pass(6000);

    expect(told).toEqual({ text: whole(20), end: 'complete' });
    expect(await asked(nodes, session, '3 1')).toBe(whole(3));
    expect(nodes.nodes[1]!.sessions.map(({ sessionId }) => sessionId)).toEqual([session.sessionId]);
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('ends the operations that it had with node-lost, of unknown outcome, in 6 s', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const session = await nodes.open({ revision });
    const [done, running] = [ask(session, '2 1'), ask(session, '1000 10')];
    await nodes.pass(505);
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(6000);

    expect(done).toEqual({ text: whole(2), end: 'complete' });
    expect(running.end).toMatchObject({
      reason: 'node-lost',
      outcome: 'unknown',
      sessionId: session.sessionId,
    });
    expect(whole(1000).startsWith(running.text)).toBe(true);
    expect(running.text.length).toBeGreaterThan(100);
    expect(await asked(nodes, session, '3 1')).toBe(whole(3));
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('has its operations gone on with, by an application that can', async () => {
    nodes = new VirtualNodes(2);
    const continued: string[] = [];
    serve(nodes, (session, node) => {
      session.respond(({ text }) => parts(node, text), {
        continueWith: ({ text }, sent) => {
          continued.push(sent.text);
          expect(sent.count).toBe(sent.results.length);
          return parts(node, text, sent.count);
        },
      });
    });
    const session = await nodes.open({ revision });
    const told = [ask(session, '800 10'), ask(session, '300 20')];
    await nodes.pass(4001);
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(11_000);

    expect(told).toEqual([
      { text: whole(800), end: 'complete' },
      { text: whole(300), end: 'complete' },
    ]);
    expect(continued).toHaveLength(2);
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });
});

it('has nothing gone on with a second time that has ended since', async () => {
  nodes = new VirtualNodes(3);
  const continued: string[] = [];
  serve(nodes, (session, node) => {
    session.respond(({ text }) => parts(node, text), {
      continueWith: (_submit, { text }) => {
        continued.push(text);
        return 'the rest';
      },
    });
  });
  const session = await nodes.open();
  const told = ask(session, '800 10');
  await nodes.pass(205);
  for (const node of nodes.nodes.slice(0, 2)) {
    nodes.crash(node);
    await nodes.pass(6000);
  }

  expect(told.end).toBe('complete');
  expect(told.text.endsWith('the rest')).toBe(true);
  expect(continued).toHaveLength(1);
  expect(await asked(nodes, session, '3 1')).toBe(whole(3));
  expect(nodes.nodes[2]!.failures).toEqual([]);
});

it.each(['ended', 'gone on with'])('has operations %s that are more than may wait', async (how) => {
  nodes = new VirtualNodes(2, { queue: { maxSubmits: 0 }, maxInFlightOperations: 3 });
  serve(nodes, (session, node) => {
    const continueWith = () => 'the rest';
    session.respond(({ text }) => parts(node, text), how === 'ended' ? {} : { continueWith });
  });
  const session = await nodes.open();
  const told = [ask(session, '800 10'), ask(session, '800 10'), ask(session, '800 10')];
  await nodes.pass(205);
  nodes.crash(nodes.nodes[0]!);
  await nodes.pass(6000);

  for (const { text, end } of told) {
    if (how === 'ended') expect(end).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
    else expect([text.endsWith('the rest'), end]).toEqual([true, 'complete']);
  }
  expect(nodes.nodes[1]!.failures).toEqual([]);
});

describe('a node that only stood still', () => {
  it('learns that its sessions are taken, stops their handlers, and says nothing more', async () => {
    nodes = new VirtualNodes(2);
    const handlers = new Map<VirtualNode, number>();
    serve(nodes, (session, node) => {
      session.respond(
        ({ text }) =>
          parts(node, text).pipe(
            tap({ subscribe: () => handlers.set(node, (handlers.get(node) ?? 0) + 1) }),
            finalize(() => handlers.set(node, (handlers.get(node) ?? 0) - 1)),
          ),
        {
          continueWith: ({ text }, sent) => parts(node, text, sent.count),
        },
      );
    });
    const [slow, other] = nodes.nodes as [VirtualNode, VirtualNode];
    const session = await nodes.open();
    const told = ask(session, '2000 10');
    await nodes.pass(1005);
    nodes.stop(slow);
    nodes.cut(slow);
    await nodes.pass(10_000);
    expect(other.sessions).toHaveLength(1);
    expect(handlers.get(slow)).toBe(1);
    nodes.continue(slow);
    await nodes.pass(1000);

    expect(handlers.get(slow)).toBe(0);
    expect(slow.server.sessionCount).toBe(0);
    await nodes.pass(15_000);
    expect(told).toEqual({ text: whole(2000), end: 'complete' });
    expect([...slow.failures, ...other.failures]).toEqual([]);
  });

  it('learns so also of those that have ended since', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const [slow, other] = nodes.nodes as [VirtualNode, VirtualNode];
    const session = await nodes.open();
    ask(session, '2000 10');
    await nodes.pass(1005);
    nodes.stop(slow);
    nodes.cut(slow);
    await nodes.pass(7000);
    expect(other.sessions).toHaveLength(1);
    void session.close();
    await nodes.pass(500);
    expect(other.server.sessionCount).toBe(0);
    expect(slow.server.usage.operationsInFlight).toBe(1);
    nodes.continue(slow);
    await nodes.pass(1000);

    expect(slow.server.usage.operationsInFlight).toBe(0);
    expect(slow.server.sessionCount).toBe(0);
    expect([...slow.failures, ...other.failures]).toEqual([]);
  });
});

it('gives no client a session, as a node that stood still, that another has by now', async () => {
  nodes = new VirtualNodes(2);
  const texts: string[] = [];
  serve(nodes, (session, node) => {
    session.respond(({ text }) => parts(node, text), {
      continueWith: ({ text }, sent) => {
        texts.push(sent.text);
        return parts(node, text, sent.count);
      },
    });
  });
  const [slow, other] = nodes.nodes as [VirtualNode, VirtualNode];
  const session = await nodes.open();
  const told = ask(session, '2000 10');
  await nodes.pass(1005);
  const had = told.text;
  nodes.stop(slow);
  nodes.cut(slow);
  // The other takes it over, and its client never hears of that.
  nodes.takeoverMs = 200;
  for (let ms = 0; nodes.logged(session.sessionId).epoch === 1 && ms < 10_000; ms++) await nodes.pass(1);
  nodes.unplug();
  nodes.cut(other);
  await nodes.pass(500);
  expect(nodes.logged(session.sessionId).epoch).toBe(2);
  // It comes to the first before that has heard whose the session is.
  nodes.answerMs = 300;
  nodes.sendTo(slow);
  nodes.plug();
  nodes.continue(slow);
  await nodes.pass(250);
  expect(told).toEqual({ text: had, end: undefined });
  await nodes.pass(25_000);

  expect(told).toEqual({ text: whole(2000), end: 'complete' });
  expect(texts).toHaveLength(1);
  expect([...slow.failures, ...other.failures]).toEqual([]);
});

it('tells a client of a node that stood still who has its session', async () => {
  nodes = new VirtualNodes(2);
  serve(nodes);
  const [slow, other] = nodes.nodes as [VirtualNode, VirtualNode];
  const session = await nodes.open();
  const ticket = ticketsOf(session);
  const told = ask(session, '2000 10');
  await nodes.pass(5);
  nodes.stop(slow);
  nodes.sendTo(other);
  await nodes.pass(10_000);
  await nodes.resume(ticket());
  nodes.continue(slow);
  const late = ask(session, '1 1');
  await nodes.pass(1000);

  expect([told.end, late.end]).toMatchObject([{ reason: 'taken-over' }, { reason: 'taken-over' }]);
  expect([...slow.failures, ...other.failures]).toEqual([]);
});

it('tells a client that has chosen the id of another that comes for its session', async () => {
  nodes = new VirtualNodes(2);
  serve(nodes);
  const [first, second] = nodes.nodes as [VirtualNode, VirtualNode];
  const session = await nodes.open();
  nodes.sendTo(second);
  const stranger = await nodes.open({}, session.sessionId);
  const told = ask(stranger, '2000 10');
  await nodes.pass(105);
  nodes.crash(first);
  await nodes.pass(6000);

  expect(told.end).toMatchObject({ reason: 'connection-lost' });
  expect(await asked(nodes, session, '3 1')).toBe(whole(3));
  expect(second.failures).toEqual([]);
});

describe('a server that ends', () => {
  it('leaves what its client has not fetched to the other nodes', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const session = await nodes.open();
    const told = [ask(session, '20 1'), ask(session, '1000 10')];
    await nodes.pass(5);
    nodes.unplug();
    nodes.cut(nodes.nodes[0]!);
    await nodes.pass(30);
    await nodes.close(nodes.nodes[0]!);
    nodes.plug();
    await nodes.pass(1000);

    expect(told[0]).toEqual({ text: whole(20), end: 'complete' });
    expect(told[1]).toMatchObject({ end: { reason: 'node-lost', outcome: 'unknown' } });
    expect(await asked(nodes, session, '3 1')).toBe(whole(3));
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('leaves nothing of what its clients have heard the end of', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const session = await nodes.open();
    expect(await asked(nodes, session, '3 1')).toBe(whole(3));
    const { sessionId } = session;
    await nodes.close(nodes.nodes[0]!);
    await nodes.pass(500);

    const log = nodes.cluster.join().log!;
    const found = log.find(sessionId);
    await nodes.pass(1);
    expect(await found).toBeUndefined();
  });
});
