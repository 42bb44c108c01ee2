import { Random } from '../../simulation/random';
import { FaultProxy } from '../../support/fault-proxy/fault-proxy';
import { randomScript } from '../../support/fault-proxy/random-script';
import type { Script, Step } from '../../support/fault-proxy/step';
import { figure } from '../support/figure';
import { scaled } from '../support/scale';
import { startClients, startServer } from '../support/stage';
import { endWorkers } from '../support/worker-process';

const OPERATIONS = scaled(50_000, 12_500);
const CUTS = scaled(2_000, 500);
const CONNECTIONS = 8;
const WINDOW = 64;
const SEED = 20_251;
const LONG_CUTS = scaled(600, 150);
/** Bytes after which a connection is cut at most, where its answers are long. */
const LONG_WITHIN = 3_000_000;

describe('cuts at random bytes', () => {
  let proxy: FaultProxy | undefined;

  afterEach(async () => {
    await endWorkers();
    await proxy?.close();
  });

  it('lose nothing, double nothing and run nothing twice', async () => {
    const server = await startServer({
      handler: 'parts',
      options: { maxInFlightOperations: WINDOW, grantedOperationCredit: WINDOW },
    });
    const random = new Random(SEED);
    proxy = await FaultProxy.listen({
      port: server.ready.port,
      // The first ones carry the opens, which nothing makes again; past the cuts, the rest passes.
      script: (connection) => {
        const isCut = connection >= CONNECTIONS && connection < CONNECTIONS + CUTS;
        return randomScript(random.fork(`${connection}`), isCut ? { cutWithin: 10_000 } : {});
      },
    });
    const clients = await startClients({
      port: proxy.port,
      connections: CONNECTIONS,
      session: {
        reconnect: { minDelayMs: 1, maxDelayMs: 20 },
        maxInFlightOperations: WINDOW,
      },
    });
    proxy.cut('reset');
    const report = await clients.ask('run', { operations: OPERATIONS, window: WINDOW, expected: 'parts' });
    const tally = await server.ask('tally');
    const usage = await server.ask('usage');
    figure({ name: 'cuts', value: proxy.totalCuts, unit: 'cuts', atLeast: CUTS });
    figure({ name: 'operations', value: report.completed, unit: 'operations', atLeast: OPERATIONS });
    figure({ name: 'ended otherwise', value: count(report.others), unit: 'operations', atMost: 0 });
    figure({ name: 'ended more or less than once', value: report.notOnce, unit: 'operations', atMost: 0 });
    figure({ name: 'run twice', value: tally.doubled.length, unit: 'operations', atMost: 0 });
    expect(tally).toMatchObject({ runs: report.completed, violations: [], failures: [] });
    expect(report).toMatchObject({ others: {}, violations: [] });
    expect(usage).toMatchObject({ sessions: CONNECTIONS, operationsInFlight: 0, operationsQueued: 0 });
  });

  it('give up no long result, of which some is cut by each', async () => {
    const window = 4;
    const server = await startServer({ handler: 'long', options: { maxInFlightOperations: window } });
    const random = new Random(SEED);
    proxy = await FaultProxy.listen({
      port: server.ready.port,
      script: (connection) => {
        const isCut = connection >= CONNECTIONS && connection < CONNECTIONS + LONG_CUTS;
        return isCut ? cutDownwards(random.fork(`${connection}`)) : { toServer: [], toClient: [] };
      },
    });
    const clients = await startClients({
      port: proxy.port,
      connections: CONNECTIONS,
      session: { reconnect: { minDelayMs: 1, maxDelayMs: 20 }, maxInFlightOperations: window },
    });
    proxy.cut('reset');
    // As many as the connections that are cut carry, and some more.
    const operations = Math.ceil((LONG_CUTS * LONG_WITHIN) / 4 / 72_000) + 50 * CONNECTIONS;
    const report = await clients.ask('run', { operations, window, expected: 'long' });
    const tally = await server.ask('tally');
    figure({ name: 'cuts of long results', value: proxy.totalCuts, unit: 'cuts', atLeast: LONG_CUTS });
    figure({ name: 'operations', value: report.completed, unit: 'operations', atLeast: operations });
    figure({ name: 'ended otherwise', value: count(report.others), unit: 'operations', atMost: 0 });
    expect(tally).toMatchObject({ runs: report.completed, doubled: [], violations: [], failures: [] });
    expect(report).toMatchObject({ others: {}, notOnce: 0, violations: [] });
  });
});

/** Cuts a connection on the way to its client, in the middle of what that is sent: sooner as often as later. */
function cutDownwards(random: Random): Script {
  const bytes = random.int(0, random.int(1, LONG_WITHIN));
  const cut: Step = { kind: 'cut', how: random.chance(0.5) ? 'fin' : 'reset' };
  return { toServer: [], toClient: [{ kind: 'pass', bytes }, cut] };
}

function count(others: Readonly<Record<string, number>>): number {
  return Object.values(others).reduce((sum, each) => sum + each, 0);
}
