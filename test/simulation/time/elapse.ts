import type { VirtualScheduler } from './virtual-scheduler';

/** Turns of the microtask queue that an event's promises get: more than the longest chain of them takes. */
const SETTLING_TURNS = 24;

/** Lets what waits for promises run; in the same number of turns every time, so that runs are alike. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLING_TURNS; turn++) await Promise.resolve();
}

/**
 * Lets virtual time go by, and all happen that is to happen in it.
 *
 * @example
 * const opening = client.openSession();
 * await elapse(scheduler, 10);
 * const session = await opening;
 */
export async function elapse(scheduler: VirtualScheduler, ms: number): Promise<void> {
  const end = scheduler.now() + ms;
  await settle();
  for (let next = scheduler.nextTime; next !== undefined && next <= end; next = scheduler.nextTime) {
    scheduler.runNext();
    await settle();
  }
  scheduler.skipTo(end);
}
