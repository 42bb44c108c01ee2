import { pause } from '../../support/until';
import { bestOf } from '../../support/best-of';
import { figure, mebibytes } from '../support/figure';
import { scaled } from '../support/scale';
import { startBystander, startServer } from '../support/stage';
import { endWorkers, WorkerProcess } from '../support/worker-process';
import type { Measured } from '../workers/bystander';
import type { Held, RawCommands } from '../workers/raw';

function startAttacker(port: number): Promise<WorkerProcess<RawCommands, undefined>> {
  return WorkerProcess.start('raw', { port });
}

const MOST_MEMORY_MIB = 64;

interface Harm {
  readonly held: Held;
  readonly memoryMiB: number;
  readonly peace: Measured;
  readonly measured: Measured;
}

/** Milliseconds that the 99th of 100 operations of a bystander may take. */
function mostP99({ peace }: Harm): number {
  return Math.max(5 * peace.p99, 10);
}

function isHarmless(harm: Harm): boolean {
  return harm.memoryMiB <= MOST_MEMORY_MIB && harm.measured.p99 <= mostP99(harm);
}

describe('connections that never open a session', () => {
  afterEach(endWorkers);

  it('by the ten thousand keep nobody out', async () => {
    // A machine that gives the server no time to run lets more of them pile up before it than are its own.
    const harm = await bestOf(3, holdTenThousand, { harm: ({ memoryMiB }) => memoryMiB, isGood: isHarmless });
    figure({
      name: 'half-open connections',
      value: harm.held.connected,
      unit: 'connections',
      atLeast: 10_000,
    });
    figure({
      name: 'server memory under half-open connections',
      value: harm.memoryMiB,
      unit: 'MiB',
      atMost: MOST_MEMORY_MIB,
    });
    figure({
      name: 'bystander of half-open connections, p99',
      value: harm.measured.p99,
      unit: 'ms',
      atMost: mostP99(harm),
    });
  });

  async function holdTenThousand(): Promise<Harm> {
    const server = await startServer({ handler: 'echo' });
    const { port } = server.ready;
    const attacker = await startAttacker(port);
    const bystander = await startBystander({ port });
    // As one that has served for a while: V8 lets a heap that it has never collected whole grow to several
    // times what lives in it, so that the figure would be when that first collection happens to come.
    await server.ask('memory');
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
    expect(measured).toMatchObject({ failed: 0 });
    expect(measured.completed).toBeGreaterThan(100);
    expect({ violations, failures }).toEqual({ violations: [], failures: [] });
    await endWorkers();
    return { held, memoryMiB: mebibytes(watched.peakRss - before.peakRss), peace, measured };
  }

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
