import { Subscription, type SchedulerLike, type TimestampProvider } from 'rxjs';
import * as afterReading from '../../../src/transport/time/after-reading';
import { AwakeClock } from '../../../src/transport/time/awake';
import * as scheduleIn from '../../../src/transport/time/schedule-in';
import { KeptSlots } from '../../../src/server/session/submits/admission/kept-slots';
import type { Defect } from './defect';
import { all, answer, nothing, replace } from './planting';

interface AwakeClockShape {
  readonly scheduler: SchedulerLike;
  readonly awakeMs: number;
  readonly lookedAt: number;
}

export const CLOCK_DEFECTS: readonly Defect[] = [
  {
    name: 'a process that stood still gives its peers up before it reads',
    invariants: [15],
    seed: 1,
    plant: () =>
      all(
        replace(afterReading, 'afterReading', () => (_scheduler: SchedulerLike, work: () => void) => {
          work();
          return Subscription.EMPTY;
        }),
        // Each looks after the other: time in which it stood still does not count.
        replace<AwakeClockShape>(
          AwakeClock.prototype,
          'now',
          () =>
            function () {
              return this.awakeMs + this.scheduler.now() - this.lookedAt;
            },
        ),
        answer(AwakeClock.prototype, 'hasStoodStill', false),
      ),
  },
  {
    name: 'an instant of the date is waited for as if nobody set the date',
    invariants: [16],
    seed: 88,
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
    seed: 96,
    plant: () => replace(KeptSlots.prototype, 'wait', () => nothing),
  },
];
