import { randomInt } from 'node:crypto';
import { Subject } from 'rxjs';
import { SessionRejectedError } from '../../../src/client/errors';
import { memoryCluster } from '../../../src/cluster/memory-cluster';
import type { ServerHealth } from '../../../src/server/health';
import type { ServerOptions } from '../../../src/server/options';
import { Directory } from '../../../src/cluster/directory';
import { SessionStatus } from '../../../src/wire/messages/session-open';
import { told } from '../../support/served';
import { inTime, pass } from '../../support/passing';
import { VirtualTime } from '../../support/virtual-time';
import { Fleet } from './fleet';

const reconnect = { minDelayMs: 100, maxDelayMs: 500, jitter: 0 };
const keepAlive = { idleMs: 0 };

let fleet: Fleet;
let time: VirtualTime;
let answer$: Subject<string>;

async function begin(options: Partial<ServerOptions> = {}): Promise<void> {
  time = new VirtualTime();
  answer$ = new Subject();
  const cluster = memoryCluster({ scheduler: time });
  fleet = new Fleet(
    (session) => session.respond(() => answer$),
    { scheduler: time, keepAlive, ...options },
    cluster,
  );
  fleet.start();
  await pass(time, 1000);
}

function storeAnswers(isUp: boolean): void {
  fleet.cluster.isUp = isUp;
}

const openSession = async () => {
  const client = await inTime(time, fleet.connect({ scheduler: time, keepAlive }));
  return inTime(time, client.openSession({ reconnect }));
};

afterEach(async () => {
  storeAnswers(true);
  await inTime(time, fleet.end());
});

describe('a store that does not answer', () => {
  it('is not noticed by answers that run, and a client that comes to another node waits for it', async () => {
    await begin();
    const session = await openSession();
    const states = told(session.state$);
    const texts = told(session.submit({ body: 'x' }).text$);
    await pass(time, 100);
    const [owner, other] = [fleet.nodes[0]!, fleet.start()];
    await pass(time, 1000);
    storeAnswers(false);
    answer$.next('a');
    await pass(time, 10_000);
    answer$.next('b');
    await pass(time, 100);
    expect(texts).toEqual(['a', 'b']);

    fleet.withdraw(owner);
    fleet.endpoint.cut();
    answer$.next('c');
    await pass(time, 5000);
    expect(states).toEqual(['open', 'reconnecting']);
    storeAnswers(true);
    await pass(time, 2000);
    expect(states).toEqual(['open', 'reconnecting', 'resumed']);
    answer$.complete();
    await pass(time, 100);
    expect(texts).toEqual(['a', 'b', 'c', '|']);
    expect([owner.server.sessionCount, other.server.sessionCount]).toEqual([1, 0]);
    fleet.nodes.push(owner);
  });

  it('that comes back without its memory does not have sessions given up', async () => {
    await begin();
    const session = await openSession();
    const states = told(session.state$);
    const texts = told(session.submit({ body: 'x' }).text$);
    const [owner] = fleet.nodes;
    fleet.start();
    await pass(time, 1000);
    storeAnswers(false);
    await pass(time, 10_000);
    fleet.withdraw(owner!);
    fleet.endpoint.cut();
    answer$.next('a');
    fleet.cluster.forget();
    storeAnswers(true);
    await pass(time, 3000);
    expect(states).toEqual(['open', 'reconnecting', 'resumed']);
    expect(texts).toEqual(['a']);
    fleet.nodes.push(owner!);
  });

  it('is not waited for by a client that has chosen an id, whose session no other node has', async () => {
    await begin();
    const client = await inTime(time, fleet.connect({ scheduler: time, keepAlive }));
    const session = await inTime(time, client.openSession({ requestedSessionId: 1, reconnect }));
    const states = told(session.state$);
    const [owner] = fleet.nodes;
    fleet.start();
    await pass(time, 1000);
    storeAnswers(false);
    await pass(time, 3000);
    fleet.withdraw(owner!);
    fleet.endpoint.cut();
    await pass(time, 2000);
    expect(states).toEqual(['open', 'reconnecting', 'reopened']);
    fleet.nodes.push(owner!);
  });

  it('has new sessions opened that only their node knows, unless it is to refuse them', async () => {
    await begin();
    storeAnswers(false);
    await pass(time, 3000);
    const session = await openSession();
    const texts = told(session.submit({ body: 'x' }).text$);
    await pass(time, 100);
    answer$.next('a');
    await pass(time, 100);
    expect(texts).toEqual(['a']);
  });

  it('has new sessions come later where it is to', async () => {
    await begin({ storeDown: 'refuse' });
    storeAnswers(false);
    await pass(time, 3000);
    const client = await inTime(time, fleet.connect({ scheduler: time, keepAlive }));
    const refused = client.openSession({});
    await expect(inTime(time, refused)).rejects.toBeInstanceOf(SessionRejectedError);
    await expect(refused).rejects.toMatchObject({
      status: SessionStatus.RetryLater,
      text: 'the store of its cluster does not answer; try again',
    });
    storeAnswers(true);
    await pass(time, 3000);
    expect((await inTime(time, client.openSession({}))).state).toBe('open');
  });
});

describe('a store that has just come back', () => {
  it('gives no answer that another node may still have to correct, nor ids that one may have', async () => {
    await begin();
    const directory = new Directory('me', fleet.cluster.join().store, time, randomInt);
    await pass(time, 3000);
    expect(await inTime(time, directory.find(4096 * 7))).toEqual({ kind: 'unknown' });
    storeAnswers(false);
    await pass(time, 100);
    fleet.cluster.forget();
    storeAnswers(true);
    await pass(time, 2500);
    const tooSoon = /has only just come back/;
    await expect(inTime(time, directory.find(4096 * 7))).rejects.toThrow(tooSoon);
    await expect(directory.reserveIds()).rejects.toThrow(tooSoon);
    await pass(time, 500);
    expect(await inTime(time, directory.find(4096 * 7))).toEqual({ kind: 'unknown' });
    expect(await inTime(time, directory.reserveIds())).toMatchObject({ count: 4096 });
    await inTime(time, directory.leave());
  });

  it('gives none to a node that starts with it, either, but ids', async () => {
    await begin();
    storeAnswers(false);
    await pass(time, 100);
    fleet.cluster.forget();
    storeAnswers(true);
    const directory = new Directory('me', fleet.cluster.join().store, time, randomInt);
    await pass(time, 2500);
    await expect(inTime(time, directory.find(4096 * 7))).rejects.toThrow(/has only just come back/);
    expect(await inTime(time, directory.reserveIds())).toMatchObject({ count: 4096 });
    await pass(time, 500);
    expect(await inTime(time, directory.find(4096 * 7))).toEqual({ kind: 'unknown' });
    await inTime(time, directory.leave());
  });
});

describe('health of a node', () => {
  it.each([
    ['degrade', true],
    ['refuse', false],
  ] as const)('says that the store is down: %s', async (storeDown, isReady) => {
    await begin({ storeDown });
    const seen = told<ServerHealth>(fleet.nodes[0]!.server.health$);
    storeAnswers(false);
    await pass(time, 3000);
    storeAnswers(true);
    await pass(time, 3000);
    await inTime(time, fleet.nodes[0]!.server.close());
    expect(seen).toEqual([
      { phase: 'serving', store: 'up', ids: 'some', isReady: true },
      { phase: 'serving', store: 'down', ids: 'some', isReady },
      { phase: 'serving', store: 'up', ids: 'some', isReady: true },
      { phase: 'draining', store: 'up', ids: 'some', isReady: false },
      { phase: 'closed', store: 'up', ids: 'some', isReady: false },
      '|',
    ]);
  });
});
