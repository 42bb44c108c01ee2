import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { pause } from '../support/until';
import { Asking, wholeAnswer } from './support/asking';
import { Fleet } from './support/fleet';

const CLIENTS = Number(process.env.CLUSTER_CLIENTS ?? 60);
/** Of one part every 20 ms. */
const PARTS = Number(process.env.CLUSTER_PARTS ?? 300);

const revisions = ['preview3', 'preview4'] as const;

describe('three nodes, restarted in turn by SIGTERM', () => {
  let fleet: Fleet;
  let came = 0;
  beforeEach(async () => {
    fleet = await Fleet.start(3, 'tcp');
  });
  afterEach(() => fleet.end());

  const come = (): Promise<Asking> => {
    const kinds = [tcp({ port: fleet.overTcp.port }), webSocket({ port: fleet.overWebSocket.port })];
    const turn = came++;
    return Asking.open(kinds[turn % 2]!, { revision: revisions[(turn >> 1) % 2]! });
  };

  it(`lose none of ${CLIENTS} answers and more that begin meanwhile, and end no session`, async () => {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, come));
    const answers = clients.map((client) => client.answer(PARTS, 20));
    const coming = new AbortController();
    const cameAll = (async () => {
      while (!coming.signal.aborted) {
        await pause(100);
        const client = await come();
        clients.push(client);
        answers.push(client.answer(PARTS, 20));
      }
    })();
    for (const node of [...fleet.nodes]) {
      await pause(500);
      await fleet.add();
      fleet.withdraw(node);
      await node.terminate();
    }
    coming.abort();
    await cameAll;

    const texts = await Promise.all(answers);
    expect(texts.length).toBeGreaterThan(CLIENTS);
    expect(texts.filter((text) => text !== wholeAnswer(PARTS))).toEqual([]);
    expect(clients.filter(({ session }) => session.ended !== undefined)).toEqual([]);
    const after = await Promise.all(clients.map((client) => client.answer(3, 1)));
    expect(after).toEqual(clients.map(() => wholeAnswer(3)));
    const usages = await Promise.all(fleet.nodes.slice(-3).map((node) => node.usage()));
    expect(usages.flatMap(({ failures }) => failures)).toEqual([]);
    expect(usages.reduce((sum, { sessions }) => sum + sessions, 0)).toBe(clients.length);
    await Promise.all(clients.map(({ client }) => client.close()));
  }, 240_000);
});
