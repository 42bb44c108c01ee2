import { bestOf } from '../../support/best-of';
import { figure, mebibytes } from '../support/figure';
import { scaled } from '../support/scale';
import { startBystander, startServer } from '../support/stage';
import { endWorkers, WorkerProcess } from '../support/worker-process';
import type { SendersCommands } from '../workers/senders';

const SENDERS = 20;
const RUN_MS = scaled(10_000, 3_000);
/** The most that a packet may carry by default; in the short set, what a machine shared with others bears. */
const LARGEST = scaled(4, 1) * 1024 * 1024;
/** Milliseconds. */
const BYSTANDER_P99 = 20;
const LOOP_P99 = 30;
/** Of a machine on which other programs run: one that is left alone needs one. */
const ATTEMPTS = 4;

interface Share {
  readonly bystanderP99: number;
  readonly loopDelayP99: number;
}

describe('twenty peers that take all that they are granted', () => {
  afterEach(endWorkers);

  it.each([
    ['small submits', 64],
    ['the largest submits', LARGEST],
  ])('with %s leave a bystander its share', async (name, bodyBytes) => {
    const { bystanderP99, loopDelayP99 } = await bestOf(ATTEMPTS, () => shareBeside(name, bodyBytes), {
      harm: (share) => Math.max(share.bystanderP99 / BYSTANDER_P99, share.loopDelayP99 / LOOP_P99),
      isGood: (share) => share.bystanderP99 <= BYSTANDER_P99 && share.loopDelayP99 <= LOOP_P99,
    });
    figure({ name: `bystander of ${name}, p99`, value: bystanderP99, unit: 'ms', atMost: BYSTANDER_P99 });
    figure({
      name: `event loop delay under ${name}, p99`,
      value: loopDelayP99,
      unit: 'ms',
      atMost: LOOP_P99,
    });
  });

  async function shareBeside(name: string, bodyBytes: number): Promise<Share> {
    const server = await startServer({ handler: 'ack' });
    const { port } = server.ready;
    const senders = await WorkerProcess.start<SendersCommands, undefined>('senders', {
      port,
      senders: SENDERS,
    });
    const bystander = await startBystander({ port, answer: 'empty' });
    await server.ask('watch');
    const sending = senders.ask('send', { ms: RUN_MS, bodyBytes });
    const measured = await bystander.ask('measure', { ms: RUN_MS - 500 });
    const sent = await sending;
    const { loopDelayP99, peakRss } = await server.ask('watched');
    const seconds = RUN_MS / 1000;
    process.stderr.write(
      `  ${name}: ${Math.round(sent.operations / seconds)} a second, ${mebibytes(sent.bytes / seconds).toFixed(0)} MiB a second, server ${mebibytes(peakRss).toFixed(0)} MiB, loop ${loopDelayP99.toFixed(1)} ms, bystander p50 ${measured.p50} ms\n`,
    );
    expect(sent).toMatchObject({ faults: [] });
    expect(measured).toMatchObject({ failed: 0 });
    expect(await server.ask('tally')).toMatchObject({ violations: [], failures: [] });
    await endWorkers();
    return { bystanderP99: measured.p99, loopDelayP99 };
  }
});
