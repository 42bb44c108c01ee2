import { bestOf } from '../../support/best-of';
import { figure, mebibytes } from '../support/figure';
import { scaled } from '../support/scale';
import { startBystander, startServer } from '../support/stage';
import { endWorkers, WorkerProcess } from '../support/worker-process';
import type { BareCommands, BareReady } from '../workers/bare';
import type { SendersCommands } from '../workers/senders';

const SENDERS = 20;
/** Submits that a session may have under way by default. */
const IN_FLIGHT = 4;
const RUN_MS = scaled(10_000, 3_000);
/** The most that a packet may carry by default; in the short set, what a machine shared with others bears. */
const LARGEST = scaled(4, 1) * 1024 * 1024;
/** Milliseconds; more only where bare sockets take more, on this machine at this time. */
const BYSTANDER_P99 = 20;
const LOOP_P99 = 30;
/** Of a machine on which other programs run: one that is left alone needs one. */
const ATTEMPTS = 4;

interface Share {
  readonly bystanderP99: number;
  readonly loopDelayP99: number;
  /** What the same load leaves a bystander of bare sockets. */
  readonly barest: Omit<Share, 'barest'>;
}

/** What a share may be at most. */
function most({ barest }: Share): Omit<Share, 'barest'> {
  return {
    bystanderP99: Math.max(BYSTANDER_P99, barest.bystanderP99),
    loopDelayP99: Math.max(LOOP_P99, barest.loopDelayP99),
  };
}

/** At most 1 where both bounds hold. */
function harm(share: Share): number {
  const { bystanderP99, loopDelayP99 } = most(share);
  return Math.max(share.bystanderP99 / bystanderP99, share.loopDelayP99 / loopDelayP99);
}

describe('twenty peers that take all that they are granted', () => {
  afterEach(endWorkers);

  it.each([
    ['small submits', 64],
    ['the largest submits', LARGEST],
  ])('with %s leave a bystander its share', async (name, bodyBytes) => {
    const share = await bestOf(ATTEMPTS, () => shareBeside(name, bodyBytes), {
      harm,
      isGood: (measured) => harm(measured) <= 1,
    });
    const { bystanderP99, loopDelayP99 } = most(share);
    figure({
      name: `bystander of ${name}, p99`,
      value: share.bystanderP99,
      unit: 'ms',
      atMost: bystanderP99,
    });
    figure({
      name: `event loop delay under ${name}, p99`,
      value: share.loopDelayP99,
      unit: 'ms',
      atMost: loopDelayP99,
    });
  });

  async function barestBeside(bodyBytes: number): Promise<Omit<Share, 'barest'>> {
    const start = () => WorkerProcess.start<BareCommands, BareReady>('bare', {});
    const [server, senders, bystander] = await Promise.all([start(), start(), start()]);
    const { port } = server.ready;
    const ms = RUN_MS / 2;
    await server.ask('watch');
    const sending = senders.ask('send', { port, connections: SENDERS, inFlight: IN_FLIGHT, bodyBytes, ms });
    const bystanderP99 = await bystander.ask('measure', { port, bodyBytes: 64, ms: ms - 500 });
    await sending;
    const { loopDelayP99 } = await server.ask('watched');
    await endWorkers();
    return { bystanderP99, loopDelayP99 };
  }

  async function shareBeside(name: string, bodyBytes: number): Promise<Share> {
    const barest = await barestBeside(bodyBytes);
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
      `  ${name}: ${Math.round(sent.operations / seconds)} a second, ${mebibytes(sent.bytes / seconds).toFixed(0)} MiB a second, server ${mebibytes(peakRss).toFixed(0)} MiB, loop ${loopDelayP99.toFixed(1)} ms, bystander p50 ${measured.p50} ms, p99 ${measured.p99} ms, of bare sockets ${barest.bystanderP99} ms\n`,
    );
    expect(sent).toMatchObject({ faults: [] });
    expect(measured).toMatchObject({ failed: 0 });
    expect(await server.ask('tally')).toMatchObject({ violations: [], failures: [] });
    await endWorkers();
    return { bystanderP99: measured.p99, loopDelayP99, barest };
  }
});
