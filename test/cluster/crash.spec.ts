import { createClient } from '@redis/client';
import { OperationError } from '../../src/client/errors';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { pause, until } from '../support/until';
import { Asking, wholeAnswer } from './support/asking';
import { Fleet, type NodeProcess } from './support/fleet';

const CLIENTS = Number(process.env.CLUSTER_CLIENTS ?? 60);
const KILLS = Number(process.env.CLUSTER_KILLS ?? 5);

async function clientsOf(fleet: Fleet): Promise<Asking[]> {
  const kinds = [tcp({ port: fleet.overTcp.port }), webSocket({ port: fleet.overWebSocket.port })];
  const revisions = ['preview3', 'preview4'] as const;
  return Promise.all(
    Array.from({ length: CLIENTS }, (_, index) =>
      Asking.open(kinds[index % 2]!, { revision: revisions[(index >> 1) % 2]! }),
    ),
  );
}

let fleet: Fleet;
afterEach(() => fleet.end());

/** Another node is there: whoever comes from now on comes to it. */
async function addFor(owner: NodeProcess): Promise<NodeProcess> {
  const next = await fleet.add();
  fleet.withdraw(owner);
  return next;
}

describe('the owner of all sessions, killed', () => {
  it(`${KILLS} times, leaves every answer whole, in order, once, where the application goes on`, async () => {
    fleet = await Fleet.start(1, 'unix', 'continued');
    const clients = await clientsOf(fleet);
    let [owner] = fleet.nodes as [NodeProcess];
    for (let kills = 0; kills < KILLS; kills++) {
      const next = await addFor(owner);
      const answers = clients.map((client) => client.answer(100, 20));
      await pause(500 + Math.random() * 500);
      await owner.kill();
      owner = next;
      const texts = await Promise.all(answers);
      expect(texts.filter((text) => text === wholeAnswer(100))).toHaveLength(CLIENTS);
      expect((await owner.usage()).failures).toEqual([]);
    }
    expect((await owner.usage()).sessions).toBe(CLIENTS);
    await Promise.all(clients.map(({ client }) => client.close()));
  }, 120_000);

  it('ends what it ran with node-lost in 6 s; what had ended is whole', async () => {
    fleet = await Fleet.start(1, 'tcp', 'logged');
    const clients = await clientsOf(fleet);
    const [owner] = fleet.nodes as [NodeProcess];
    const next = await addFor(owner);
    const told = clients.map(({ session }, index) => {
      const seen = { text: '', end: undefined as unknown, at: 0 };
      session.submit({ body: index % 2 === 0 ? '1000 20' : '20 20' }).text$.subscribe({
        next: (text) => {
          seen.text += text;
        },
        error: (error: unknown) => {
          seen.end = error;
          seen.at = performance.now();
        },
        complete: () => {
          seen.end = 'complete';
        },
      });
      return seen;
    });
    // The short ones have ended, and had the time to be logged.
    await until(() => told.every(({ text }) => text !== ''), 'every answer to begin', 10_000);
    while ((await owner.usage()).handlers > Math.ceil(CLIENTS / 2)) await pause(20);
    await pause(200);
    const killedAt = performance.now();
    await owner.kill();
    await until(() => told.every(({ end }) => end !== undefined), 'every end', 10_000);

    for (const [index, { text, end, at }] of told.entries()) {
      if (index % 2 === 1) {
        expect({ text, end }).toEqual({ text: wholeAnswer(20), end: 'complete' });
        continue;
      }
      expect(end).toBeInstanceOf(OperationError);
      expect(end).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
      expect(at - killedAt).toBeLessThan(6500);
      expect(wholeAnswer(1000).startsWith(text)).toBe(true);
    }
    const after = await Promise.all(clients.map((client) => client.answer(3, 1)));
    expect(after).toEqual(clients.map(() => wholeAnswer(3)));
    expect((await next.usage()).failures).toEqual([]);
    await Promise.all(clients.map(({ client }) => client.close()));
  });
});

describe('the owner of all sessions, stopped for 10 s', () => {
  it('finds them taken over: it logs nothing, and its handlers stop within a second', async () => {
    fleet = await Fleet.start(1, 'unix', 'continued');
    const clients = await clientsOf(fleet);
    const [slow] = fleet.nodes as [NodeProcess];
    const answers = clients.map((client) => client.answer(700, 20));
    await pause(1000);
    const next = await addFor(slow);
    slow.stop();
    fleet.overTcp.cut(1);
    fleet.overWebSocket.cut(1);
    await pause(10_000);
    expect((await next.usage()).sessions).toBe(CLIENTS);
    const before = await entriesOf('1');
    slow.continue();
    await pause(1000);

    expect(await slow.usage()).toMatchObject({ sessions: 0, handlers: 0, failures: [] });
    const added = [...(await entriesOf('1'))].filter((entry) => !before.has(entry));
    expect(added).toEqual([]);
    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text === wholeAnswer(700))).toHaveLength(CLIENTS);
    await Promise.all(clients.map(({ client }) => client.close()));
  });

  /** What the log has of an epoch, by session. */
  async function entriesOf(epoch: string): Promise<Set<string>> {
    const client = await createClient({ url: fleet.redis.url }).connect();
    const entries = new Set<string>();
    for (const key of await client.keys('nnrp:results:*')) {
      for (const entry of (await client.xRange(key, '-', '+')) ?? []) {
        const id = entry?.id ?? '';
        if (id.startsWith(`${epoch}-`)) entries.add(`${key} ${id}`);
      }
    }
    await client.close();
    return entries;
  }
});
