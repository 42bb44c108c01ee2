import { concatMap, delay, firstValueFrom, from, lastValueFrom, of, reduce, timer } from 'rxjs';
import { connect } from '../../../src/client/client';
import type { SessionOptions } from '../../../src/client/options';
import type { ClientSession } from '../../../src/client/session/session';
import { createServer } from '../../../src/server/server';
import type { ServerSession } from '../../../src/server/session/session';
import { memory } from '../../../src/transport/memory';
import { until } from '../../support/until';
import { Fleet, type Node } from './fleet';

const reconnect = { minDelayMs: 5, maxDelayMs: 20 };

/** A session, and what has become of it. */
class Asked {
  readonly states: string[] = [];

  constructor(readonly session: ClientSession) {
    session.state$.subscribe((state) => this.states.push(state));
  }

  answer(count: number): Promise<string> {
    const { text$ } = this.session.submit({ body: `${count}` });
    return lastValueFrom(text$.pipe(reduce((text, part) => text + part, '')));
  }
}

const parts = (count: string) =>
  from(Array.from({ length: Number(count) }, (_, index) => `${index} `)).pipe(
    concatMap((part) => of(part).pipe(delay(5))),
  );

const whole = (count: number) => Array.from({ length: count }, (_, index) => `${index} `).join('');

const serve = (session: ServerSession) => session.respond((submit) => parts(submit.text));

const pause = (ms: number) => firstValueFrom(timer(ms));

describe('a node that hands over', () => {
  let fleet: Fleet;

  beforeEach(() => {
    fleet = new Fleet(serve);
  });

  /** Takes a node out, and hands its clients over to the others. */
  const replace = async (node: Node): Promise<void> => {
    fleet.withdraw(node);
    await node.server.close({ handOver: true, graceMs: 60_000 });
  };

  const ask = async (options: SessionOptions = { reconnect }): Promise<Asked> =>
    new Asked(await (await fleet.connect()).openSession(options));

  afterEach(() => fleet.end());

  it('has its clients carried by another node until their answers end', async () => {
    const node = fleet.start();
    const asked = await ask();
    fleet.start();
    const answer = asked.answer(60);
    await pause(50);

    const closed = replace(node);
    await until(() => node.server.connectionCount === 0, 'its connections to end', 200);
    expect(node.server.usage.operationsInFlight).toBe(1);
    await closed;

    expect(await answer).toBe(whole(60));
    expect(await asked.answer(3)).toBe(whole(3));
    expect(asked.states).toEqual(['open', 'reconnecting', 'resumed', 'reconnecting', 'reopened']);
    expect(fleet.failures).toEqual([]);
  });

  it('lets clients that would not come back finish where they are', async () => {
    const node = fleet.start();
    const asked = await ask({ allowResume: true });
    fleet.start();
    const answer = asked.answer(30);
    await pause(30);

    await replace(node);

    expect(await answer).toBe(whole(30));
    expect(asked.states).toEqual(['open', 'closed']);
    expect(fleet.failures).toEqual([]);
  });

  it('sends clients away whose sessions are at another node', async () => {
    const owner = fleet.start();
    const asked = await ask();
    const answer = asked.answer(60);
    await pause(20);
    const relaying = fleet.start();
    fleet.start();
    // It hands over as well: its clients come to the two others, in turn.
    const closed = replace(owner);
    await until(
      () => relaying.server.connectionCount + fleet.nodes[1]!.server.connectionCount === 1,
      'a relay',
    );
    const second = fleet.nodes.find(({ server }) => server.connectionCount === 1)!;
    await replace(second);
    await closed;

    expect(await answer).toBe(whole(60));
    expect(await asked.answer(3)).toBe(whole(3));
    expect(fleet.failures).toEqual([]);
  });

  it('loses nothing where all are restarted in turn, and new clients come', async () => {
    for (let count = 0; count < 3; count++) fleet.start();
    const running: Promise<{ text: string; states: readonly string[] }>[] = [];
    const asked: Asked[] = [];
    const come = async (): Promise<void> => {
      const each = await ask();
      asked.push(each);
      running.push(each.answer(100).then((text) => ({ text, states: each.states })));
    };
    await Promise.all(Array.from({ length: 30 }, come));
    for (const node of [...fleet.nodes]) {
      const closed = replace(node);
      fleet.start();
      // So many, however slow the machine is: each answer lasts longer than it takes them to come.
      for (let newcomers = 0; newcomers < 15; newcomers++) {
        await pause(20);
        await come();
      }
      await closed;
    }

    const answers = await Promise.all(running);
    expect(answers).toHaveLength(30 + 3 * 15);
    expect(answers.filter(({ text }) => text !== whole(100))).toEqual([]);
    expect(asked.filter(({ session }) => session.ended !== undefined)).toEqual([]);
    expect(await Promise.all(asked.map((each) => each.answer(2)))).toEqual(asked.map(() => whole(2)));
    expect(fleet.failures).toEqual([]);
  }, 60_000);

  it('closes as any server where it is in no cluster', async () => {
    const place = memory();
    const server = createServer({ listen: place });
    server.sessions$.subscribe(serve);
    const client = await connect(place);
    const asked = new Asked(await client.openSession({ reconnect: { ...reconnect, reopen: false } }));
    const answer = asked.answer(20);
    await pause(20);
    await server.close({ handOver: true });
    expect(await answer).toBe(whole(20));
    expect(asked.states).toEqual(['open', 'closed']);
    await client.close();
  });
});
