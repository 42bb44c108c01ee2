import { pause } from '../../support/until';
import { figure } from '../support/figure';
import { scaled } from '../support/scale';
import { startClients, startServer, type ClientsProcess } from '../support/stage';
import { endWorkers } from '../support/worker-process';

const OPERATIONS = scaled(8_000, 1_600);
const CONNECTIONS = 8;
const WINDOW = 16;
const options = { maxInFlightOperations: WINDOW, grantedOperationCredit: WINDOW };
const run = { operations: OPERATIONS, window: 2 * WINDOW, expected: 'echo' } as const;

/** Resolves in the middle of a run. */
async function underWay(clients: ClientsProcess): Promise<void> {
  while ((await clients.ask('ended')) < OPERATIONS / 4) await pause(5);
}

describe('a server that is killed', () => {
  afterEach(endWorkers);

  it('and comes back runs nothing again, and its clients hear once what is known', async () => {
    const first = await startServer({ handler: 'soon', options });
    const { port } = first.ready;
    const clients = await startClients({
      port,
      connections: CONNECTIONS,
      session: { reconnect: { minDelayMs: 10, reopen: false }, maxInFlightOperations: WINDOW },
    });
    const running = clients.ask('run', run);
    await underWay(clients);
    await first.kill('SIGKILL');
    const second = await startServer({ handler: 'soon', port, options });
    const { completed, others, notOnce } = await running;
    const {
      'connection-lost, unknown': unknown = 0,
      'connection-lost, not-run': notRun = 0,
      ...rest
    } = others;
    const known = { completed, unknown, notRun };
    process.stderr.write(`  ${JSON.stringify(known)}\n`);
    figure({
      name: 'operations with an outcome',
      value: completed + unknown + notRun,
      unit: 'operations',
      atLeast: OPERATIONS,
      atMost: OPERATIONS,
    });
    figure({ name: 'with more or less than one', value: notOnce, unit: 'operations', atMost: 0 });
    figure({
      name: 'unknown to their clients',
      value: unknown,
      unit: 'operations',
      atLeast: 1,
      atMost: CONNECTIONS * WINDOW,
    });
    const tally = await second.ask('tally');
    figure({ name: 'run again by themselves', value: tally.runs, unit: 'operations', atMost: 0 });
    expect(rest).toEqual({});
    // Whoever asks again is served.
    const others2 = await startClients({ port, connections: 1 });
    expect(await others2.ask('run', { operations: 10, window: 2, expected: 'echo' })).toMatchObject({
      completed: 10,
    });
  });

  it('for good costs its clients no more than the resume window', async () => {
    const resumeWindowMs = 2_000;
    const server = await startServer({ handler: 'soon', options: { ...options, resumeWindowMs } });
    const clients = await startClients({
      port: server.ready.port,
      connections: CONNECTIONS,
      session: { reconnect: { minDelayMs: 10, reopen: false }, maxInFlightOperations: WINDOW },
    });
    const running = clients.ask('run', run);
    await underWay(clients);
    const { at } = await server.kill('SIGKILL');
    const { completed, others, notOnce } = await running;
    figure({
      name: 'last outcome after a server is gone for good',
      value: performance.now() - at,
      unit: 'ms',
      atLeast: resumeWindowMs - 100,
      atMost: resumeWindowMs + 1_000,
    });
    expect(Object.keys(others).sort()).toEqual(['connection-lost, not-run', 'connection-lost, unknown']);
    expect(completed + Object.values(others).reduce((sum, each) => sum + each)).toBe(OPERATIONS);
    expect(notOnce).toBe(0);
  });
});
