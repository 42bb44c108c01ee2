import { DEFAULT_SERVER_LIMITS } from '../../../src';
import { pause } from '../../support/until';
import { figure, mebibytes } from '../support/figure';
import { scaled } from '../support/scale';
import { startClients, startServer } from '../support/stage';
import { endWorkers, WorkerProcess } from '../support/worker-process';
import type { RawCommands } from '../workers/raw';

const PEERS = 100;
const OPERATIONS = scaled(40_000, 20_000);
/** The default, or a shorter one: then the bound is as much shorter. */
const UNREAD_MS = scaled(DEFAULT_SERVER_LIMITS.unreadMs, 3_000);
const CUT_WITHIN_MS = UNREAD_MS + 2_000;
const PATIENCE_MS = 20_000;

describe('a peer that is offered 1 GiB and reads nothing', () => {
  afterEach(endWorkers);

  it.each([
    // What it answers with ends as soon as its client's room is full, and that is told.
    ['push', 'by a handler that does not wait for it', [expect.stringContaining('answer with an iterable')]],
    ['pull', 'by a handler that does', []],
  ])('%s: %s is cut, and costs the others nothing', async (body, _, failures) => {
    const server = await startServer({ handler: 'offer', options: { limits: { unreadMs: UNREAD_MS } } });
    const { port } = server.ready;
    const clients = await startClients({ port, connections: PEERS });
    const attacker = await WorkerProcess.start<RawCommands, undefined>('raw', { port });
    const run = { window: 2, expected: 'echo' } as const;
    // What peace costs is not the slow reader's.
    await server.ask('watch');
    await clients.ask('run', { ...run, operations: 5_000 });
    const before = await server.ask('watched');
    await server.ask('watch');
    const running = clients.ask('run', { ...run, operations: OPERATIONS });
    const start = performance.now();
    await attacker.ask('neverRead', { sessionId: 1_000_000, body });
    await pause(500);
    let cutAt: number | undefined;
    while (cutAt === undefined && performance.now() - start < PATIENCE_MS) {
      await pause(20);
      if ((await server.ask('usage')).connections === PEERS) cutAt = performance.now();
    }
    const watched = await server.ask('watched');
    const report = await running;
    const tally = await server.ask('tally');
    process.stderr.write(`  ${JSON.stringify(tally.limits)}\n`);
    figure({ name: `${body}: cut after`, value: (cutAt ?? NaN) - start, unit: 'ms', atMost: CUT_WITHIN_MS });
    figure({
      name: `${body}: memory`,
      value: mebibytes(watched.peakRss - before.peakRss),
      unit: 'MiB',
      atMost: 32,
    });
    const lost = OPERATIONS - report.completed;
    figure({ name: `${body}: lost by ${PEERS} others`, value: lost, unit: 'operations', atMost: 0 });
    expect(report).toMatchObject({ others: {}, notOnce: 0, violations: [] });
    expect(tally.failures).toEqual(failures);
  });
});
