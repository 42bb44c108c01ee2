import { pause, until } from '../support/until';
import { wholeAnswer } from './support/asking';
import { Fleet, type NodeProcess } from './support/fleet';
import { Page, type Shown } from './support/page';
import { scaled } from './support/scale';

const PAGES = scaled(100, 20);

let fleet: Fleet;
afterEach(() => fleet.end());

/** Pages of one node, each with a finished answer, that it has shown, and one that runs; another node is there. */
async function asking(): Promise<{ readonly pages: readonly Page[]; readonly owner: NodeProcess }> {
  fleet = await Fleet.start(1, { link: 'unix', log: 'retained' });
  const pages = await Promise.all(
    Array.from({ length: PAGES }, (_, index) => {
      const { endpoint, revision } = fleet.way(index);
      return Page.open(endpoint, { revision });
    }),
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
    pages.map(({ ticket }, index) => {
      const { endpoint, revision } = fleet.way(index);
      return Page.resume(ticket, endpoint, { revision });
    }),
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
