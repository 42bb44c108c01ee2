import { createClient } from '@redis/client';
import { firstValueFrom } from 'rxjs';
import { OperationError } from '../../src/client/errors';
import { connect } from '../../src/connect';
import { tcp } from '../../src/transport/tcp/tcp';
import { pause, until } from '../support/until';
import { Asking, wholeAnswer } from './support/asking';
import { Fleet, type NodeProcess } from './support/fleet';
import { scaled } from './support/scale';

const CLIENTS = scaled(200, 60);
/** Of an owner whose application goes on, and of one whose does not. */
const KILLS_CONTINUED = scaled(60, 3);
const KILLS_LOGGED = scaled(40, 2);
/** Clients that are connected to an owner that stands still, all the time. */
const STAYING = 10;
/** Milliseconds that one takes at most, with what comes before and after. */
const KILL_MS = 25_000;

let fleet: Fleet;
afterEach(() => fleet.end());

/** Another node is there: whoever comes from now on comes to it. */
async function addFor(owner: NodeProcess): Promise<NodeProcess> {
  const next = await fleet.add();
  fleet.withdraw(owner);
  return next;
}

describe(`the owner of ${CLIENTS} sessions, killed`, () => {
  it(
    `${KILLS_CONTINUED} times, leaves every answer whole, in order, once, where the application goes on`,
    async () => {
      fleet = await Fleet.start(1, { link: 'unix', log: 'continued' });
      const clients = await fleet.clients(CLIENTS);
      let [owner] = fleet.nodes as [NodeProcess];
      for (let kills = 0; kills < KILLS_CONTINUED; kills++) {
        const next = await addFor(owner);
        const answers = clients.map((client) => client.answer(50, 40));
        await pause(500 + Math.random() * 500);
        await owner.kill();
        owner = next;
        const texts = await Promise.all(answers);
        expect(texts.filter((text) => text === wholeAnswer(50))).toHaveLength(CLIENTS);
        expect(await fleet.failures([owner])).toEqual([]);
      }
      expect(await fleet.sessions([owner])).toEqual([CLIENTS]);
      await Promise.all(clients.map(({ client }) => client.close()));
    },
    KILLS_CONTINUED * KILL_MS,
  );

  it(
    `${KILLS_LOGGED} times, ends what it ran with node-lost in 6 s; what had ended is whole`,
    async () => {
      fleet = await Fleet.start(1, { log: 'logged' });
      const clients = await fleet.clients(CLIENTS);
      let [owner] = fleet.nodes as [NodeProcess];
      for (let kills = 0; kills < KILLS_LOGGED; kills++) {
        const next = await addFor(owner);
        const told = clients.map((client, index) =>
          index % 2 === 0 ? client.watch(500, 40) : client.watch(10, 40),
        );
        // The short ones have ended, and had the time to be logged.
        await until(() => told.every(({ text }) => text !== ''), 'every answer to begin', 10_000);
        while ((await owner.usage()).handlers > CLIENTS / 2) await pause(20);
        await pause(200);
        const killedAt = performance.now();
        await owner.kill();
        owner = next;
        await until(() => told.every(({ end }) => end !== undefined), 'every end', 10_000);

        for (const [index, { text, end, at }] of told.entries()) {
          if (index % 2 === 1) {
            expect({ text, end }).toEqual({ text: wholeAnswer(10), end: 'complete' });
            continue;
          }
          expect(end).toBeInstanceOf(OperationError);
          expect(end).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
          expect(at - killedAt).toBeLessThan(6000);
          expect(wholeAnswer(500).startsWith(text)).toBe(true);
        }
        const after = await Promise.all(clients.map((client) => client.answer(3, 1)));
        expect(after).toEqual(clients.map(() => wholeAnswer(3)));
        expect(await fleet.failures([owner])).toEqual([]);
      }
      await Promise.all(clients.map(({ client }) => client.close()));
    },
    KILLS_LOGGED * KILL_MS,
  );
});

describe(`the owner of ${CLIENTS} sessions, stopped for 10 s`, () => {
  it('finds them taken over: it logs nothing, and its handlers stop within a second', async () => {
    fleet = await Fleet.start(1, { link: 'unix', log: 'continued' });
    const clients = await fleet.clients(CLIENTS);
    const [slow] = fleet.nodes as [NodeProcess];
    const answers = clients.map((client) => client.answer(350, 40));
    // Their connection stays: others come for their sessions, with their tickets.
    const staying = await Promise.all(
      Array.from({ length: STAYING }, () => Asking.open(tcp({ port: slow.place.tcp }))),
    );
    const told = staying.map((client) => client.watch(1000, 40));
    const tickets = await Promise.all(staying.map(({ session }) => firstValueFrom(session.ticket$)));
    await pause(1000);
    const next = await addFor(slow);
    slow.stop();
    fleet.cut();
    await pause(8000);
    const page = await connect(tcp({ port: next.place.tcp }));
    await Promise.all(tickets.map((ticket) => page.resumeSession(ticket)));
    await pause(2000);
    expect(await fleet.sessions([next])).toEqual([CLIENTS + STAYING]);
    const before = await entriesOf('1');
    const had = told.map(({ text }) => text);
    expect(staying.every(({ states }) => states.join() === 'open')).toBe(true);
    slow.continue();
    await pause(1000);

    expect(await slow.usage()).toMatchObject({ sessions: 0, handlers: 0, failures: [] });
    const added = [...(await entriesOf('1'))].filter((entry) => !before.has(entry));
    expect(added).toEqual([]);
    const after = told.map(({ text }) => text);
    // What it said of them from then on has nobody taken, but for what its sockets were given as it was stopped.
    for (const [index, text] of after.entries()) expect(partsOf(text) - partsOf(had[index]!)).toBeLessThan(2);
    await until(() => told.every(({ end }) => end !== undefined), 'the end of who was there before');
    expect(told.map(({ text }) => text)).toEqual(after);
    for (const { end } of told) expect(end).toMatchObject({ reason: 'taken-over' });
    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text === wholeAnswer(350))).toHaveLength(CLIENTS);
    await Promise.all(
      [page, ...[...clients, ...staying].map(({ client }) => client)].map((each) => each.close()),
    );
  }, 90_000);

  function partsOf(text: string): number {
    return text.split(' ').length;
  }

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
