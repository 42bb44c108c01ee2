import type { ClientSession } from '../../../src/client/session/session';
import { ask, serve } from '../log/answers';
import { VirtualNodes, type VirtualNode } from '../log/support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

/** A client whose session is at the first of two nodes, and its connection at the other. */
async function carried(): Promise<{
  readonly session: ClientSession;
  readonly owner: VirtualNode;
  /** Whether the client has closed. */
  readonly close: () => Promise<{ readonly isOver: () => boolean }>;
}> {
  nodes = new VirtualNodes(2);
  serve(nodes);
  const session = await nodes.open();
  const [owner, relay] = nodes.nodes as [VirtualNode, VirtualNode];
  nodes.sendTo(relay);
  nodes.cut(owner);
  await nodes.pass(200);
  expect(relay.server.connectionCount).toBe(1);
  const close = async () => {
    const client = await nodes.clients[0]!;
    let isOver = false;
    void client.close().then(() => {
      isOver = true;
    });
    return { isOver: () => isOver };
  };
  return { session, owner, close };
}

/** Milliseconds until something holds. */
async function passUntil(holds: () => boolean, mostMs: number): Promise<number> {
  let passed = 0;
  for (; passed < mostMs && !holds(); passed++) await nodes.pass(1);
  return passed;
}

describe('a client that closes, of a session at another node', () => {
  it('has done so when the session is over there, and its handlers are', async () => {
    const { session, owner, close } = await carried();
    const told = ask(session, '1000 10');
    await nodes.pass(50);
    const { isOver } = await close();
    await passUntil(isOver, 4000);

    expect(owner.server.usage).toMatchObject({ sessions: 0, operationsInFlight: 0 });
    expect(told.end).toMatchObject({ reason: 'session-closed' });
    expect(nodes.nodes.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('says so again where the link to that node was lost with its last word', async () => {
    const { owner, close } = await carried();
    const { isOver } = await close();
    nodes.cut(owner);
    await passUntil(isOver, 4000);

    expect(isOver()).toBe(true);
    expect(owner.server.sessionCount).toBe(0);
  });

  it('waits for no operation of a session that it was closing already', async () => {
    const { session, close } = await carried();
    ask(session, '1000 10');
    await nodes.pass(50);
    void session.close({ drainTimeoutMs: 60_000 });
    await nodes.pass(50);
    const { isOver } = await close();

    expect(await passUntil(isOver, 4000)).toBeLessThan(100);
  });

  it('waits no longer than it may where nobody can be reached, and a session says that nobody has heard', async () => {
    const { session, close } = await carried();
    nodes.unplug();
    for (const node of nodes.nodes) nodes.cut(node);
    const unheard = session.close();
    let word: unknown = 'none yet';
    void unheard.then((said) => {
      word = said;
    });
    const { isOver } = await close();
    expect(await passUntil(isOver, 6000)).toBeLessThanOrEqual(5010);
    expect(word).toBeUndefined();
  });
});
