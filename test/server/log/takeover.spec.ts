import { concatMap, delay, finalize, from, of, tap, type Observable } from 'rxjs';
import type { ClientSession } from '../../../src/client/session/session';
import type { OperationError } from '../../../src/client/errors';
import type { SentBefore } from '../../../src/server/log/sent-before';
import type { ServerSession } from '../../../src/server/session/session';
import { VirtualNodes, type VirtualNode } from './support';

/** What a client was told of an operation, in order. */
interface Told {
  text: string;
  end: 'complete' | OperationError | undefined;
}

function ask(session: ClientSession, body: string): Told {
  const told: Told = { text: '', end: undefined };
  session.submit({ body }).text$.subscribe({
    next: (text) => {
      told.text += text;
    },
    error: (error: unknown) => {
      told.end = error as OperationError;
    },
    complete: () => {
      told.end = 'complete';
    },
  });
  return told;
}

/** `count ms`: parts from `from` on, each so late. */
function parts(node: VirtualNode, text: string, first = 0): Observable<string> {
  const [count = 0, ms = 0] = text.split(' ').map(Number);
  const rest = Array.from({ length: Math.max(0, count - first) }, (_, index) => `${first + index} `);
  return from(rest).pipe(concatMap((part) => of(part).pipe(delay(ms, node.time))));
}

const whole = (count: number) => Array.from({ length: count }, (_, index) => `${index} `).join('');

let nodes: VirtualNodes;

afterEach(() => nodes.end());

function serve(
  respond: (session: ServerSession, node: VirtualNode) => void = (session, node) =>
    session.respond(({ text }) => parts(node, text)),
): void {
  for (const node of nodes.nodes) node.serve((session) => respond(session, node));
}

const byCount = ({ count }: SentBefore): number => count;
const byText = ({ text }: SentBefore): number => text.split(' ').length - 1;

/** Every node goes on with an answer after so many of its parts. */
function serveOn(after: (sent: SentBefore) => number): void {
  serve((session, node) => {
    session.respond(({ text }) => parts(node, text), {
      continueWith: ({ text }, sent) => parts(node, text, after(sent)),
    });
  });
}

describe.each(['preview3', 'preview4'] as const)('a node that is gone, of a client of %s', (revision) => {
  it('leaves a finished answer to its client, whole and once', async () => {
    nodes = new VirtualNodes(2);
    serve();
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
    expect(await asked(session, '3 1')).toBe(whole(3));
    expect(nodes.nodes[1]!.sessions.map(({ sessionId }) => sessionId)).toEqual([session.sessionId]);
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('ends the operations that it had with node-lost, of unknown outcome, in 6 s', async () => {
    nodes = new VirtualNodes(2);
    serve();
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
    expect(await asked(session, '3 1')).toBe(whole(3));
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('has its operations gone on with, by an application that can', async () => {
    nodes = new VirtualNodes(2);
    const continued: string[] = [];
    serve((session, node) => {
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
  serve((session, node) => {
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
  expect(await asked(session, '3 1')).toBe(whole(3));
  expect(nodes.nodes[2]!.failures).toEqual([]);
});

it.each(['ended', 'gone on with'])('has operations %s that are more than may wait', async (how) => {
  nodes = new VirtualNodes(2, { queue: { maxSubmits: 0 }, maxInFlightOperations: 3 });
  serve((session, node) => {
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

describe('a node that is gone before the log has heard', () => {
  it('ends what its client has more of, where the content counts', async () => {
    nodes = new VirtualNodes(2);
    serveOn(byText);
    const session = await nodes.open();
    const told = ask(session, '800 10');
    await nodes.pass(1005);
    nodes.storeIs('down');
    await nodes.pass(1000);
    nodes.crash(nodes.nodes[0]!);
    nodes.storeIs('up');
    await nodes.pass(10_000);

    expect(told.end).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('goes on where only their number counts', async () => {
    nodes = new VirtualNodes(2);
    serveOn(byCount);
    const session = await nodes.open();
    const told = ask(session, '800 10');
    await nodes.pass(1005);
    nodes.storeIs('down');
    await nodes.pass(1000);
    nodes.crash(nodes.nodes[0]!);
    nodes.storeIs('up');
    await nodes.pass(13_000);

    expect(told).toEqual({ text: whole(800), end: 'complete' });
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('does not go on by a number in which another operation may have a part', async () => {
    nodes = new VirtualNodes(2);
    serveOn(byCount);
    const session = await nodes.open();
    const told = ask(session, '800 10');
    await nodes.pass(1005);
    nodes.storeIs('down');
    const done = ask(session, '20 1');
    await nodes.pass(1000);
    nodes.crash(nodes.nodes[0]!);
    nodes.storeIs('up');
    await nodes.pass(10_000);

    expect(done).toEqual({ text: whole(20), end: 'complete' });
    expect(told.end).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
    expect(whole(800).startsWith(told.text)).toBe(true);
  });

  it('ends what the log has forgotten with its tail, also where no result was in that', async () => {
    nodes = new VirtualNodes(2);
    serve();
    const session = await nodes.open();
    expect(await asked(session, '2 1')).toBe(whole(2));
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
    serve();
    const session = await nodes.open();
    expect(await asked(session, '2 1')).toBe(whole(2));
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
    serve();
    const session = await nodes.open();
    expect(await asked(session, '2 1')).toBe(whole(2));
    nodes.storeIs('down');
    const [done, told] = [ask(session, '2 1'), ask(session, '800 10')];
    await nodes.pass(1000);
    nodes.crash(nodes.nodes[0]!);
    nodes.storeIs('up');
    await nodes.pass(10_000);

    expect(done.end).toBe('complete');
    expect(told.end).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
    expect(await asked(session, '2 1')).toBe(whole(2));
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });
});

describe('a node that only stood still', () => {
  it('learns that its sessions are taken, stops their handlers, and says nothing more', async () => {
    nodes = new VirtualNodes(2);
    const handlers = new Map<VirtualNode, number>();
    serve((session, node) => {
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
});

describe('a server that ends', () => {
  it('leaves what its client has not fetched to the other nodes', async () => {
    nodes = new VirtualNodes(2);
    serve();
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
    expect(await asked(session, '3 1')).toBe(whole(3));
    expect(nodes.nodes[1]!.failures).toEqual([]);
  });

  it('leaves nothing of what its clients have heard the end of', async () => {
    nodes = new VirtualNodes(2);
    serve();
    const session = await nodes.open();
    expect(await asked(session, '3 1')).toBe(whole(3));
    const { sessionId } = session;
    await nodes.close(nodes.nodes[0]!);
    await nodes.pass(500);

    const log = nodes.cluster.join().log!;
    const found = log.find(sessionId);
    await nodes.pass(1);
    expect(await found).toBeUndefined();
  });
});

describe('a store that has forgotten everything', () => {
  it('hears it again', async () => {
    nodes = new VirtualNodes(2);
    serveOn(byCount);
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
    serveOn(byText);
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
    serve();
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

async function asked(session: ClientSession, body: string): Promise<string> {
  const told = ask(session, body);
  await nodes.pass(100);
  expect(told.end).toBe('complete');
  return told.text;
}
