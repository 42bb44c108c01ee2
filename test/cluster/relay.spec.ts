import { pause } from '../support/until';
import { wholeAnswer } from './support/asking';
import { Fleet } from './support/fleet';
import { scaled } from './support/scale';

const CLIENTS = scaled(300, 60);
/** Of each client. */
const CUTS = 4;

describe.each(['unix', 'tcp'] as const)('three nodes behind one port, linked over %s', (link) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start(3, { link });
  });
  afterAll(() => fleet.end());

  it(`gives ${CLIENTS} clients whole answers in order, once, cut after cut`, async () => {
    const clients = await fleet.clients(CLIENTS);
    const answers = clients.map((client) => client.answer(150, 40));
    while (clients.some(({ cuts }) => cuts < CUTS)) {
      await pause(300);
      fleet.cut();
    }

    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text === wholeAnswer(150))).toHaveLength(CLIENTS);
    expect(clients.flatMap(({ states }) => states).filter((state) => state === 'reopened')).toEqual([]);
    expect((await fleet.sessions()).reduce((sum, each) => sum + each, 0)).toBe(CLIENTS);
    expect(await fleet.failures()).toEqual([]);
    await Promise.all(clients.map(({ client }) => client.close()));
    // A last word takes its way through two nodes, and is long before the resume window.
    const patience = performance.now() + 2_000;
    while ((await fleet.sessions()).some((count) => count > 0) && performance.now() < patience)
      await pause(20);
    expect(await fleet.sessions()).toEqual([0, 0, 0]);
  });
});
