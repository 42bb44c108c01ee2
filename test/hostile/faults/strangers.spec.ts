import { pause } from '../../support/until';
import { figure, mebibytes } from '../support/figure';
import { scaled } from '../support/scale';
import { startBystander, startServer } from '../support/stage';
import { endWorkers, WorkerProcess } from '../support/worker-process';
import type { RawCommands } from '../workers/raw';

function startAttacker(port: number): Promise<WorkerProcess<RawCommands, undefined>> {
  return WorkerProcess.start('raw', { port });
}

describe('connections that never open a session', () => {
  afterEach(endWorkers);

  it('by the ten thousand keep nobody out', async () => {
    const server = await startServer({ handler: 'echo' });
    const { port } = server.ready;
    const attacker = await startAttacker(port);
    const bystander = await startBystander({ port });
    await server.ask('watch');
    const peace = await bystander.ask('measure', { ms: 2_000 });
    const before = await server.ask('watched');
    await server.ask('watch');
    const ms = scaled(20_000, 8_000);
    const holding = attacker.ask('hold', {
      connections: 10_000,
      perSecond: 2_500,
      againPerSecond: 500,
      ms,
    });
    const measured = await bystander.ask('measure', { ms: ms - 500 });
    const watched = await server.ask('watched');
    const held = await holding;
    const { limits, violations, failures } = await server.ask('tally');
    process.stderr.write(`  ${JSON.stringify(held)} ${JSON.stringify(limits)}\n`);
    figure({
      name: 'half-open connections',
      value: held.connected,
      unit: 'connections',
      atLeast: 10_000,
    });
    figure({
      name: 'server memory under half-open connections',
      value: mebibytes(watched.peakRss - before.peakRss),
      unit: 'MiB',
      atMost: 64,
    });
    figure({
      name: 'bystander of half-open connections, p99',
      value: measured.p99,
      unit: 'ms',
      atMost: Math.max(5 * peace.p99, 10),
    });
    expect(measured).toMatchObject({ failed: 0 });
    expect(measured.completed).toBeGreaterThan(100);
    expect({ violations, failures }).toEqual({ violations: [], failures: [] });
  });

  it('and dribble a byte a second are cut between 5 and 6 seconds', async () => {
    const connections = 1_000;
    const server = await startServer({ handler: 'echo' });
    const attacker = await startAttacker(server.ready.port);
    const { firstAfter, lastAfter, neverClosed } = await attacker.ask('dribble', {
      connections,
      everyMs: 1_000,
      ms: 10_000,
    });
    figure({ name: 'dribblers never cut', value: neverClosed, unit: 'connections', atMost: 0 });
    figure({ name: 'first dribbler cut', value: firstAfter, unit: 'ms', atLeast: 5_000 });
    figure({ name: 'last dribbler cut', value: lastAfter, unit: 'ms', atMost: 6_000 });
    // The last ones may still be saying good-bye.
    let left = connections;
    for (let patience = 100; left > 0 && patience > 0; patience--) {
      await pause(20);
      left = (await server.ask('usage')).connections;
    }
    expect(left).toBe(0);
    expect(await server.ask('tally')).toMatchObject({ runs: 0, failures: [] });
  });
});
