import { pause } from '../support/until';
import { wholeAnswer } from './support/asking';
import { Fleet } from './support/fleet';
import { scaled } from './support/scale';

const CLIENTS = scaled(200, 60);
/** Of one part every 100 ms. */
const PARTS = scaled(300, 60);
const PART_MS = 100;

describe('three nodes, restarted in turn by SIGTERM', () => {
  let fleet: Fleet;
  beforeEach(async () => {
    fleet = await Fleet.start(3);
  });
  afterEach(() => fleet.end());

  it(`lose none of ${CLIENTS} answers and more that begin meanwhile, and end no session`, async () => {
    const clients = await fleet.clients(CLIENTS);
    const answers = clients.map((client) => client.answer(PARTS, PART_MS));
    let isOver = false;
    let coming = Promise.resolve();
    const come = async (): Promise<void> => {
      const client = await fleet.come(clients.length);
      clients.push(client);
      answers.push(client.answer(PARTS, PART_MS));
    };
    const cameAll = (async () => {
      while (!isOver) {
        await pause(100);
        await (coming = come());
      }
    })();
    for (const node of [...fleet.nodes]) {
      await fleet.add();
      fleet.withdraw(node);
      // Whoever was sent to it is there: that is what a preStop is for.
      await coming;
      await node.terminate();
    }
    isOver = true;
    await cameAll;

    const texts = await Promise.all(answers);
    expect(texts.length).toBeGreaterThan(CLIENTS);
    expect(texts.filter((text) => text !== wholeAnswer(PARTS))).toEqual([]);
    expect(clients.filter(({ session }) => session.ended !== undefined)).toEqual([]);
    const after = await Promise.all(clients.map((client) => client.answer(3, 1)));
    expect(after.filter((text) => text !== wholeAnswer(3))).toEqual([]);
    const left = fleet.nodes.slice(-3);
    expect(await fleet.failures(left)).toEqual([]);
    expect((await fleet.sessions(left)).reduce((sum, each) => sum + each, 0)).toBe(clients.length);
    await Promise.all(clients.map(({ client }) => client.close()));
  }, 400_000);
});
