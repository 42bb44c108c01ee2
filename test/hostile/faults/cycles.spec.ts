import { until } from '../../support/until';
import { bestOf } from '../../support/best-of';
import { figure } from '../support/figure';
import { HANGS_MS, scaled } from '../support/scale';
import { slope } from '../support/slope';
import { startServer } from '../support/stage';
import { endWorkers, WorkerProcess } from '../support/worker-process';
import type { CyclesCommands } from '../workers/cycles';

const CYCLES = scaled(20_000, 3_000);
const BLOCKS = 10;
/** A leak grows in each of them; what is compiled late, or a cache that fills, in one. */
const ROUNDS = 3;
/** Where caches fill and code is compiled. */
const WARM_UP = scaled(6_000, 2_000);
const BYTES_A_CYCLE = 64;

/** Bytes a cycle. */
interface Growth {
  readonly server: number;
  readonly client: number;
}

describe('cycles of connecting, resuming and closing', () => {
  afterEach(endWorkers);

  it(
    'leave nothing behind, at either end',
    async () => {
      const server = await startServer({ handler: 'echo' });
      const client = await WorkerProcess.start<CyclesCommands, undefined>('cycles', {
        port: server.ready.port,
      });
      const handles = async (): Promise<unknown> => [
        await server.ask('handles'),
        await client.ask('handles'),
      ];
      const [atStart, start] = [await handles(), performance.now()];
      await client.ask('cycle', { cycles: WARM_UP, concurrency: 8 });
      let cycles = WARM_UP;
      const round = async (): Promise<Growth> => {
        const points = { server: [] as [number, number][], client: [] as [number, number][] };
        for (let block = 1; block <= BLOCKS; block++) {
          await client.ask('cycle', { cycles: CYCLES / BLOCKS, concurrency: 8 });
          const done = block * (CYCLES / BLOCKS);
          points.server.push([done, (await server.ask('memory')).heap]);
          points.client.push([done, (await client.ask('memory')).heap]);
        }
        cycles += CYCLES;
        return { server: slope(points.server), client: slope(points.client) };
      };
      const harm = (growth: Growth): number => Math.max(growth.server, growth.client);
      const growth = await bestOf(ROUNDS, round, { harm, isGood: (each) => harm(each) <= BYTES_A_CYCLE });
      const seconds = (performance.now() - start) / 1000;
      figure({ name: 'cycles a second', value: cycles / seconds, unit: 'cycles', atLeast: 20 });
      for (const [end, value] of Object.entries(growth) as [string, number][]) {
        figure({ name: `heap of the ${end}`, value, unit: 'bytes a cycle', atMost: BYTES_A_CYCLE });
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
      expect(await server.ask('tally')).toMatchObject({ runs: cycles, violations: [], failures: [] });
    },
    HANGS_MS,
  );
});
