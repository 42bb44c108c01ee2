import { NEVER } from 'rxjs';
import { connect, type Client, type ClientOptions, type ClientSession } from '../../../src';
import { told } from '../../support/served';
import { pass } from '../../support/passing';
import { VirtualTime } from '../../support/virtual-time';
import { Place } from './place';

const both = ['preview3', 'preview4'] as const;

let time: VirtualTime;
let a: Place;
let b: Place;
const clients: Client[] = [];

beforeEach(() => {
  time = new VirtualTime();
  a = new Place('a', time, () => NEVER);
  b = new Place('b', time, () => NEVER);
});

afterEach(async () => {
  const closed = Promise.all(clients.splice(0).map((client) => client.close()));
  await pass(time, 6000);
  await closed;
});

/** `random` 0 tries them in their order, but for the first. */
async function connected(options: ClientOptions = {}): Promise<Client> {
  const client = await connect([a.endpoint, b.endpoint], {
    scheduler: time,
    keepAlive: { idleMs: 0 },
    revision: 'preview3',
    random: () => 0.99,
    reconnect: { jitter: 0 },
    ...options,
  });
  clients.push(client);
  return client;
}

async function open(revision: 'preview3' | 'preview4' = 'preview3'): Promise<ClientSession> {
  const session = await (await connected({ revision })).openSession();
  expect(a.opened).toBe(1);
  return session;
}

describe('several servers', () => {
  it('are tried until one can be reached', async () => {
    b.start();
    const client = await connected();
    await client.openSession();
    expect([a.opened, b.opened]).toEqual([0, 1]);
  });

  it('are all named where none can be', async () => {
    await expect(connected()).rejects.toThrow(/none of the servers can be reached: .*memory:a.*; .*memory:b/);
  });

  it('are waited for where that is asked for', async () => {
    const connecting = connected({ reconnect: { jitter: 0, waitOnFirstConnect: true } });
    await pass(time, 1000);
    b.start();
    await pass(time, 1000);
    await (await connecting).openSession();
    expect(b.opened).toBe(1);
  });

  it('are not waited for any more past giveUpMs, nor once the signal aborts', async () => {
    const reconnect = { jitter: 0, waitOnFirstConnect: true };
    const late = expect(connected({ reconnect: { ...reconnect, giveUpMs: 1000 } })).rejects.toThrow(
      'none of the servers can be reached',
    );
    const controller = new AbortController();
    const given = expect(connected({ reconnect, signal: controller.signal })).rejects.toThrow('enough');
    await pass(time, 500);
    controller.abort(new Error('enough'));
    await pass(time, 2000);
    await Promise.all([late, given]);
  });

  it.each(both)(
    'resume a session where it was, though that could not be reached for a second: %s',
    async (revision) => {
      a.start();
      b.start();
      const session = await open(revision);
      const [states, seen] = [told(session.state$), told(session.submit({}))];
      a.down();
      await pass(time, 1000);
      a.up();
      await pass(time, 1000);
      expect(states).toEqual(['open', 'reconnecting', 'resumed']);
      expect([a.opened, b.opened, seen]).toEqual([1, 0, []]);
    },
  );

  it.each(both)('open it anew where it was, where that has begun anew: %s', async (revision) => {
    a.start();
    b.start();
    const session = await open(revision);
    const states = told(session.state$);
    a.down();
    a.start();
    await pass(time, 1000);
    a.up();
    await pass(time, 1000);
    expect(states).toEqual(['open', 'reconnecting', 'reopened']);
    expect([a.opened, b.opened]).toEqual([2, 0]);
  });

  it.each(both)(
    'open it anew elsewhere, where its own does not come back for two seconds: %s',
    async (revision) => {
      a.start();
      b.start();
      const session = await open(revision);
      const [states, seen] = [told(session.state$), told(session.submit({}))];
      a.down();
      await pass(time, 1900);
      expect([states, b.opened]).toEqual([['open', 'reconnecting'], 0]);
      await pass(time, 2000);
      expect(states).toEqual(['open', 'reconnecting', 'reopened']);
      expect(b.opened).toBe(1);
      expect(seen).toMatchObject([{ reason: 'connection-lost', outcome: 'unknown' }]);
    },
  );

  it('do not keep a close waiting for the one that had the session', async () => {
    a.start();
    b.start();
    const session = await open();
    a.down();
    const closed = session.close();
    await pass(time, 600);
    await closed;
    expect(session.ended).toBeDefined();
  });
});
