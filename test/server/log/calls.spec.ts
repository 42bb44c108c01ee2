import type { LogEnd, LogUpdate } from '../../../src/cluster/session-log';
import { ask, byCount, found, serve, serveOn, ticketsOf, whole } from './answers';
import { VirtualNodes } from './support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

/** Of results, and of what is said of operations. */
function bytesOf(update: LogUpdate | LogEnd): number {
  if (update.kind === 'over') return 0;
  return update.fields.reduce((sum, [, value]) => sum + (value?.length ?? 0), update.results.length);
}

const MIB = 1024 * 1024;

it('says about 4 MiB in one call, also of what was asked', async () => {
  nodes = new VirtualNodes(2);
  serveOn(nodes, byCount);
  const sessions = [];
  for (let index = 0; index < 8; index++) sessions.push(await nodes.open());
  await nodes.pass(20);
  for (const session of sessions) ask(session, '1 60000'.padEnd(MIB));
  await nodes.pass(100);

  const bytes = nodes.calls.map((call) => call.reduce((sum, update) => sum + bytesOf(update), 0));
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(8 * MIB);
  expect(Math.max(...bytes)).toBeLessThan(5.1 * MIB);
});

it.each([
  [1600, 0],
  [1800, 1],
])('asks after a stand-still of %d ms, however soon after the last look, %d times', async (ms, count) => {
  nodes = new VirtualNodes(1);
  serve(nodes);
  await nodes.open();
  // Looks are half a second from each other.
  await nodes.pass(501 - (nodes.time.now() % 500));
  const before = nodes.calls.length;
  const [node] = nodes.nodes;
  nodes.stop(node!);
  await nodes.pass(ms);
  nodes.continue(node!);
  await nodes.pass(400);
  expect(
    nodes.calls
      .slice(before)
      .flat()
      .map(({ kind }) => kind),
  ).toEqual(Array.from({ length: count }, () => 'ask'));
});

describe('a session with more answers that are kept than one update has', () => {
  const ANSWERS = 12;
  const QUESTION = '3 1'.padEnd(100_000);

  async function answered() {
    nodes = new VirtualNodes(2, { retain: { ms: 60_000 } });
    serve(nodes);
    const session = await nodes.open();
    const ticket = ticketsOf(session);
    for (let index = 0; index < ANSWERS; index++) {
      const told = ask(session, QUESTION);
      await nodes.pass(20);
      expect(told.end).toBe('complete');
    }
    return { ticket, owner: nodes.nodes[0]! };
  }

  async function expectAll(ticket: string): Promise<void> {
    const given = found(await nodes.resume(ticket));
    await nodes.pass(50);
    const answer = { asked: QUESTION, isWhole: true, text: whole(3), end: 'complete' };
    expect(given).toEqual(Array.from({ length: ANSWERS }, () => answer));
    expect(nodes.nodes[1]!.failures).toEqual([]);
  }

  it('says them one after the other to a store that has forgotten them', async () => {
    const { ticket, owner } = await answered();
    nodes.calls.length = 0;
    nodes.storeIs('down');
    nodes.cluster.forget();
    await nodes.pass(1000);
    nodes.storeIs('up');
    await nodes.pass(1000);
    const bytes = nodes.calls.flat().map(bytesOf);
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(ANSWERS * QUESTION.length);
    expect(Math.max(...bytes)).toBeLessThan(400_000);
    nodes.unplug();
    nodes.cut(owner);
    await nodes.pass(5);
    nodes.crash(owner);
    await nodes.pass(5500);
    nodes.plug();
    await expectAll(ticket());
  });

  it('leaves all of them as its server closes', async () => {
    const { ticket, owner } = await answered();
    nodes.unplug();
    nodes.cut(owner);
    await nodes.pass(5);
    await nodes.close(owner);
    nodes.plug();
    await expectAll(ticket());
  });
});
