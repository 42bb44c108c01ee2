import { Subscription, type SchedulerLike, type TimestampProvider } from 'rxjs';
import * as afterReading from '../../../src/transport/time/after-reading';
import * as scheduleIn from '../../../src/transport/time/schedule-in';
import { KeptSlots } from '../../../src/server/session/submits/kept-slots';
import type { Defect } from './defect';
import { nothing, replace } from './planting';

export const CLOCK_DEFECTS: readonly Defect[] = [
  {
    name: 'a process that stood still gives its peers up before it reads',
    invariants: [15],
    seed: 1,
    plant: () =>
      replace(afterReading, 'afterReading', () => (_scheduler: SchedulerLike, work: () => void) => {
        work();
        return Subscription.EMPTY;
      }),
  },
  {
    name: 'an instant of the date is waited for as if nobody set the date',
    invariants: [16],
    seed: 1,
    plant: () =>
      replace(
        scheduleIn,
        'scheduleAt',
        () => (scheduler: SchedulerLike, clock: TimestampProvider, instant: number, work: () => void) =>
          instant === Infinity
            ? Subscription.EMPTY
            : scheduler.schedule(work, Math.max(0, instant - clock.now())),
      ),
  },
  {
    name: 'the slot of a handler that never settles is kept for ever',
    invariants: [1, 12],
    seed: 1,
    plant: () => replace(KeptSlots.prototype, 'wait', () => nothing),
  },
];
