import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { pause, until } from '../support/until';
import { wholeAnswer } from './support/asking';
import { Fleet, type NodeProcess } from './support/fleet';
import { Page, type Shown } from './support/page';

const PAGES = Math.ceil(Number(process.env.CLUSTER_CLIENTS ?? 60) / 3);

let fleet: Fleet;
afterEach(() => fleet.end());

const wayOf = (index: number) =>
  [tcp({ port: fleet.overTcp.port }), webSocket({ port: fleet.overWebSocket.port })][index % 2]!;
const revisionOf = (index: number) => (['preview3', 'preview4'] as const)[(index >> 1) % 2]!;

/** Pages of one node, each with a finished answer, that it has shown, and one that runs; another node is there. */
async function asking(): Promise<{ readonly pages: readonly Page[]; readonly owner: NodeProcess }> {
  fleet = await Fleet.start(1, 'unix', 'retained');
  const pages = await Promise.all(
    Array.from({ length: PAGES }, (_, index) => Page.open(wayOf(index), { revision: revisionOf(index) })),
  );
  const [owner] = fleet.nodes as [NodeProcess];
  await Promise.all(pages.map((page) => page.ask('30 5')));
  for (const page of pages) void page.ask('200 20');
  await pause(1000);
  await fleet.add();
  fleet.withdraw(owner);
  return { pages, owner };
}

/** Pages in the place of those that were there, whose answers they show. */
async function loadAgain(pages: readonly Page[]): Promise<readonly (readonly Shown[])[]> {
  const joined = await Promise.all(
    pages.map(({ ticket }, index) => Page.resume(ticket, wayOf(index), { revision: revisionOf(index) })),
  );
  const shown = joined.map((page) => page.shown());
  await until(() => shown.flat().every(({ end }) => end !== undefined), 'every end', 60_000);
  await Promise.all([...joined, ...pages].map(({ client }) => client.close()));
  return shown;
}

const BOTH = [
  { asked: '30 5', isWhole: true, text: wholeAnswer(30), end: 'complete' },
  { asked: '200 20', isWhole: true, text: wholeAnswer(200), end: 'complete' },
];

it('gives pages that come to another node both answers from the start, finished or not', async () => {
  const { pages, owner } = await asking();
  const shown = await loadAgain(pages);
  expect(shown).toEqual(pages.map(() => BOTH));
  expect((await owner.usage()).failures).toEqual([]);
}, 120_000);

it('gives them both where the node that had them was killed', async () => {
  const { pages, owner } = await asking();
  await owner.kill();
  const shown = await loadAgain(pages);
  expect(shown).toEqual(pages.map(() => BOTH));
  expect((await fleet.nodes[1]!.usage()).failures).toEqual([]);
}, 120_000);
