import type { ResultStream } from '../../../src/client/submissions/results/result-stream';
import { within, type Span } from '../network/conditions';
import type { OperationRecord } from '../records';
import type { Process } from '../time/process';
import { sleep, type World } from '../world';
import type { OperationProbe } from './operation-probe';
import type { Random } from '../random';

/** Who pulls an answer, and how long that one takes for each result. */
export interface PullingOptions {
  readonly world: World;
  readonly process: Process;
  readonly random: Random;
  readonly paceMs: Span;
}

/** Pulls an answer as `for await` does, with time between the results while faults go on. */
export async function pull(
  stream: ResultStream,
  operation: OperationRecord,
  probe: OperationProbe,
  { world, process, random, paceMs }: PullingOptions,
): Promise<void> {
  const results = stream[Symbol.asyncIterator]();
  operation.pulled = results;
  // As `break` does.
  probe.add(() => void results.return?.());
  world.ledger.count('answers pulled');
  while (!probe.closed) {
    try {
      const { done, value } = await results.next();
      if (probe.closed) return;
      operation.takenAt = process.scheduler.now();
      if (done === true) probe.complete();
      else probe.next(value);
    } catch (error) {
      probe.error(error);
    }
    if (world.isActive && !probe.closed) await sleep(process, within(random, paceMs));
  }
}
