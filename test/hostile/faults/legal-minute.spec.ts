import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { figure } from '../support/figure';
import { scaled } from '../support/scale';
import { startServer } from '../support/stage';
import { endWorkers, WorkerProcess } from '../support/worker-process';
import type { SendersCommands } from '../workers/senders';

const RUN_MS = scaled(60_000, 5_000);

describe('a minute of all that is allowed', () => {
  afterEach(endWorkers);

  it('meets no limit', async () => {
    const server = await startServer({
      handler: 'busy',
      options: { supportedCacheObjects: [CacheObjectKind.PromptSegment], maxInFlightOperations: 64 },
    });
    const start = (senders: number): Promise<WorkerProcess<SendersCommands, undefined>> =>
      WorkerProcess.start('senders', { port: server.ready.port, senders });
    const [small, large, asking] = await Promise.all([start(100), start(4), start(1)]);
    const [sentSmall, sentLarge, asked] = await Promise.all([
      small.ask('send', { ms: RUN_MS, bodyBytes: 64 }),
      large.ask('send', { ms: RUN_MS, bodyBytes: 4 * 1024 * 1024 }),
      asking.ask('ask', RUN_MS),
    ]);
    const { limits, violations, failures } = await server.ask('tally');
    const operations = sentSmall.operations + sentLarge.operations;
    process.stderr.write(`  ${operations} operations, ${JSON.stringify(asked)}\n`);
    figure({
      name: 'operations of legal traffic',
      value: operations / (RUN_MS / 1000),
      unit: 'a second',
      atLeast: 1_000,
    });
    const tripped = Object.values(limits).reduce((sum, times) => sum + times, 0);
    figure({ name: 'limits met by legal traffic', value: tripped, unit: 'times', atMost: 0 });
    figure({
      name: 'cancels of legal traffic',
      value: asked.cancels / (RUN_MS / 1000),
      unit: 'a second',
      atLeast: 15,
    });
    expect({ limits, violations, failures }).toEqual({ limits: {}, violations: [], failures: [] });
    expect([...sentSmall.faults, ...sentLarge.faults]).toEqual([]);
  });
});
