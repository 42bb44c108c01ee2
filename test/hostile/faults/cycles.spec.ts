import { until } from '../../support/until';
import { figure } from '../support/figure';
import { scaled } from '../support/scale';
import { slope } from '../support/slope';
import { startServer } from '../support/stage';
import { endWorkers, WorkerProcess } from '../support/worker-process';
import type { CyclesCommands } from '../workers/cycles';

const CYCLES = scaled(20_000, 3_000);
const BLOCKS = 10;
/** Where caches fill and code is compiled. */
const WARM_UP = 6_000;
const BYTES_A_CYCLE = 64;

describe('cycles of connecting, resuming and closing', () => {
  afterEach(endWorkers);

  it('leave nothing behind, at either end', async () => {
    const server = await startServer({ handler: 'echo' });
    const client = await WorkerProcess.start<CyclesCommands, undefined>('cycles', {
      port: server.ready.port,
    });
    const handles = async (): Promise<unknown> => [await server.ask('handles'), await client.ask('handles')];
    const [atStart, start] = [await handles(), performance.now()];
    await client.ask('cycle', { cycles: WARM_UP, concurrency: 8 });
    const points = { server: [] as [number, number][], client: [] as [number, number][] };
    for (let block = 1; block <= BLOCKS; block++) {
      await client.ask('cycle', { cycles: CYCLES / BLOCKS, concurrency: 8 });
      const done = block * (CYCLES / BLOCKS);
      points.server.push([done, (await server.ask('memory')).heap]);
      points.client.push([done, (await client.ask('memory')).heap]);
    }
    const seconds = (performance.now() - start) / 1000;
    figure({ name: 'cycles a second', value: (WARM_UP + CYCLES) / seconds, unit: 'cycles', atLeast: 20 });
    for (const [end, measured] of Object.entries(points)) {
      figure({
        name: `heap of the ${end}`,
        value: slope(measured),
        unit: 'bytes a cycle',
        atMost: BYTES_A_CYCLE,
      });
    }
    let left: unknown;
    await until(
      () =>
        JSON.stringify(left) === JSON.stringify(atStart) ||
        (void handles().then((now) => (left = now)), false),
      `handles ${JSON.stringify(atStart)}`,
      10_000,
    );
    expect(await server.ask('usage')).toMatchObject({ connections: 0, sessions: 0, queuedBytes: 0 });
    expect(await server.ask('tally')).toMatchObject({ runs: WARM_UP + CYCLES, violations: [], failures: [] });
  });
});
