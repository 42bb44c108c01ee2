import { createClient, RESP_TYPES } from '@redis/client';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastValueFrom, reduce } from 'rxjs';
import type { Client } from '../../src/client/client';
import type { ClientSession } from '../../src/client/session/session';
import { connect } from '../../src/connect';
import { pause } from '../support/until';
import { wholeAnswer } from './support/asking';
import { Fleet, type NodeProcess } from './support/fleet';
import { scaled } from './support/scale';

const SESSIONS = scaled(10_000, 2_000);
const SESSIONS_A_CLIENT = 50;
/** Of an answer, each of which is an entry of the log. */
const PARTS = 5;
const PART_MS = 3000;

/** What docs/cluster.md says that a session takes in Redis, one with results that wait, and one at its node. */
function formula(): { readonly session: number; readonly waiting: number; readonly atNode: number } {
  const page = readFileSync(join(__dirname, '../../docs/cluster.md'), 'utf8');
  const inRedis = /([\d,]+) B × sessions \+ ([\d,]+) B × sessions with results that wait/.exec(page);
  const atNode = /([\d,]+) B × sessions \+ bytes of results that wait/.exec(page);
  const [session, waiting, node] = [inRedis?.[1], inRedis?.[2], atNode?.[1]].map((figure) =>
    Number(figure?.replace(',', '')),
  ) as [number, number, number];
  return { session, waiting, atNode: node };
}

/** Whether it is about what was expected: 20 % more or less. */
function expectAbout(bytes: number, expected: number): void {
  expect(bytes / expected).toBeGreaterThan(0.8);
  expect(bytes / expected).toBeLessThan(1.2);
}

describe(`a node that dies with ${SESSIONS} sessions whose clients are away`, () => {
  let fleet: Fleet;
  const clients: Client[] = [];
  const sessions: ClientSession[] = [];
  beforeEach(async () => {
    fleet = await Fleet.start(1, { log: 'logged' });
  });
  afterEach(() => fleet.end());

  it(
    'costs Redis, and the node that has them then, what the formula says',
    async () => {
      const { session, waiting, atNode } = formula();
      const [owner] = fleet.nodes as [NodeProcess];
      const other = await fleet.add();
      fleet.withdraw(other);
      const before = await usedMemory();
      for (let left = SESSIONS; left > 0; left -= SESSIONS_A_CLIENT) await open();
      // The log has heard of all of them.
      await pause(1000);
      const idle = (await usedMemory()) - before;

      const answers = sessions.map(answer);
      while ((await owner.usage()).handlers < SESSIONS) await pause(20);
      fleet.withdraw(owner);
      fleet.cut();
      while ((await owner.usage()).handlers > 0) await pause(100);
      await pause(500);
      const { entries, bytes } = await logged();
      const held = (await usedMemory()) - before;

      const heapBefore = await other.heap();
      await owner.kill();
      await pause(6000);
      const unasked = (await other.heap()) - heapBefore;
      fleet.welcome(other);
      const texts = await Promise.all(answers);
      expect(texts.filter((text) => text === wholeAnswer(PARTS))).toHaveLength(SESSIONS);
      expect(await fleet.sessions([other])).toEqual([SESSIONS]);
      fleet.withdraw(other);
      fleet.cut();
      await pause(1000);
      const taken = (await other.heap()) - heapBefore;

      console.log(
        `${SESSIONS} sessions: ${idle} B in Redis, with ${entries} entries of ${bytes} B together ${held} B; at a node ${unasked} B, and ${taken} B once it has them`,
      );
      expect(entries).toBeGreaterThan(0);
      expectAbout(idle, SESSIONS * session);
      expectAbout(held, SESSIONS * (session + waiting));
      // Nobody has come for them: they are nobody's, and cost no node anything.
      expect(unasked).toBeLessThan(0.2 * SESSIONS * atNode);
      expectAbout(taken, SESSIONS * atNode);
      expect(await fleet.failures([other])).toEqual([]);
    },
    scaled(600_000, 240_000),
  );

  async function open(): Promise<void> {
    const { endpoint, revision } = fleet.way(clients.length);
    const client = await connect(endpoint, { revision });
    clients.push(client);
    const reconnect = { minDelayMs: 100, maxDelayMs: 1000 };
    const opening = Array.from({ length: SESSIONS_A_CLIENT }, () => client.openSession({ reconnect }));
    sessions.push(...(await Promise.all(opening)));
  }

  function answer(session: ClientSession): Promise<string> {
    const { text$ } = session.submit({ body: `${PARTS} ${PART_MS}` });
    return lastValueFrom(text$.pipe(reduce((text, part) => text + part, '')));
  }

  async function usedMemory(): Promise<number> {
    return Number(await fleet.redis.info('used_memory'));
  }

  /** What the log has of a session, on the average of some. */
  async function logged(): Promise<{ readonly entries: number; readonly bytes: number }> {
    const client = await createClient({ url: fleet.redis.url }).connect();
    const asBytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    const some = sessions.filter((_, index) => index % SESSIONS_A_CLIENT === 0);
    let [entries, bytes] = [0, 0];
    for (const { sessionId } of some) {
      for (const entry of (await asBytes.xRange(`nnrp:results:${sessionId}`, '-', '+')) ?? []) {
        entries += 1;
        bytes += entry?.message['p']?.length ?? 0;
      }
    }
    client.destroy();
    return { entries: entries / some.length, bytes: bytes / some.length };
  }
});
