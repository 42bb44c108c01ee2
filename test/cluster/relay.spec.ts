import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { pause } from '../support/until';
import { Asking, wholeAnswer } from './support/asking';
import { Fleet } from './support/fleet';

const CLIENTS = Number(process.env.CLUSTER_CLIENTS ?? 60);
const CUTS = 4;

describe.each(['unix', 'tcp'] as const)('three nodes behind one port, linked over %s', (link) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start(3, link);
  });
  afterAll(() => fleet.end());

  it(`gives ${CLIENTS} clients whole answers in order, once, cut after cut`, async () => {
    const kinds = [tcp({ port: fleet.overTcp.port }), webSocket({ port: fleet.overWebSocket.port })];
    const revisions = ['preview3', 'preview4'] as const;
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) =>
        Asking.open(kinds[index % 2]!, { revision: revisions[(index >> 1) % 2]! }),
      ),
    );
    const connections = (): number => fleet.overTcp.connections + fleet.overWebSocket.connections;
    const before = connections();
    const made = (): number => connections() - before;

    const answers = clients.map((client) => client.answer(300, 20));
    // As many as that, whoever is between two connections at a cut.
    while (made() < CLIENTS * CUTS) {
      await pause(300);
      fleet.overTcp.cut(1);
      fleet.overWebSocket.cut(1);
    }

    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text === wholeAnswer(300))).toHaveLength(CLIENTS);
    const usages = await Promise.all(fleet.nodes.map((node) => node.usage()));
    expect(usages.reduce((sum, { sessions }) => sum + sessions, 0)).toBe(CLIENTS);
    expect(usages.flatMap(({ failures }) => failures)).toEqual([]);
    await Promise.all(clients.map(({ client }) => client.close()));
    const left = async (): Promise<number[]> =>
      (await Promise.all(fleet.nodes.map((node) => node.usage()))).map(({ sessions }) => sessions);
    // A last word takes its way through two nodes, and is long before the resume window.
    const patience = performance.now() + 2_000;
    while ((await left()).some((count) => count > 0) && performance.now() < patience) await pause(20);
    expect(await left()).toEqual([0, 0, 0]);
  });
});
