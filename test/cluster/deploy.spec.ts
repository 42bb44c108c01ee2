import { pause, until } from '../support/until';
import { wholeAnswer, type Asking, type Seen } from './support/asking';
import { Fleet, NO_ENGINE, type Engine, type NodeProcess } from './support/fleet';
import { RedisServer } from './support/redis-server';
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
    const over = new AbortController();
    let coming = Promise.resolve();
    const come = async (): Promise<void> => {
      const client = await fleet.come(clients.length);
      clients.push(client);
      answers.push(client.answer(PARTS, PART_MS));
    };
    const cameAll = (async () => {
      while (!over.signal.aborted) {
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
    over.abort();
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

describe('SIGTERM, with clients away and finished answers', () => {
  const AWAY = 20;
  let fleet: Fleet<Engine>;
  afterEach(() => fleet.end());

  /** Clients that are away, whose answers have begun before, and are finished. */
  async function away(node: NodeProcess): Promise<{ clients: Asking[]; told: Seen[] }> {
    const clients = await fleet.clients(AWAY);
    const told = clients.map((client) => client.watch(20, 200));
    await until(() => told.every(({ text }) => text !== ''), 'every answer to begin');
    fleet.withdraw(node);
    fleet.cut();
    while ((await node.usage()).handlers > 0) await pause(20);
    expect(told.filter(({ end }) => end !== undefined)).toEqual([]);
    return { clients, told };
  }

  async function fetched({ clients, told }: Awaited<ReturnType<typeof away>>): Promise<void> {
    await until(() => told.every(({ end }) => end !== undefined), 'every end', 30_000);
    expect(told.filter(({ text }) => text !== wholeAnswer(20))).toEqual([]);
    expect(told.filter(({ end }) => end !== 'complete')).toEqual([]);
    await Promise.all(clients.map(({ client }) => client.close()));
  }

  it('leaves them in the log, and is gone at once', async () => {
    fleet = await Fleet.over(await RedisServer.start(), 1, { log: 'logged' });
    const [node] = fleet.nodes as [NodeProcess];
    const asked = await away(node);
    expect(await node.terminate()).toBeLessThan(3000);
    const next = await fleet.add();
    await fetched(asked);
    expect(await fleet.failures([next])).toEqual([]);
  });

  it('keeps a node without a log until they are fetched by another node', async () => {
    fleet = await Fleet.over(await RedisServer.start(), 1);
    const [node] = fleet.nodes as [NodeProcess];
    const asked = await away(node);
    const gone = node.terminate();
    await fleet.add();
    await fetched(asked);
    expect(await gone).toBeLessThan(30_000);
  });

  it('keeps a server that is by itself until they are fetched from it', async () => {
    fleet = await Fleet.over(NO_ENGINE, 1);
    const [node] = fleet.nodes as [NodeProcess];
    const asked = await away(node);
    const gone = node.terminate();
    await pause(1000);
    fleet.welcome(node);
    await fetched(asked);
    expect(await gone).toBeLessThan(30_000);
  });
});
