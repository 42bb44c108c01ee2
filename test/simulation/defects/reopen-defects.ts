import { Connectivity } from '../../../src/client/session/connectivity';
import { Submissions } from '../../../src/client/submissions/submissions';
import type { OperationError, OperationFailure } from '../../../src/client/errors';
import { SessionCache } from '../../../src/server/session/session-cache';
import type { Defect } from './defect';
import { all, replace } from './planting';

interface Asked {
  subscriber: { error(error: unknown): void };
}

interface SubmissionsShape {
  hasForgotten?: boolean;
  readonly waiting: Set<Asked>;
  readonly inFlight: ReadonlyMap<number, Asked>;
  endedWith(reason: OperationFailure): OperationError;
}

/** Of sessions that are opened anew, in the place of those that their server has no more. */
export const REOPEN_DEFECTS: readonly Defect[] = [
  {
    name: 'what a server had is submitted to the one in its place',
    invariants: [1, 2, 19],
    seed: 1,
    plant: () =>
      all(
        replace<SubmissionsShape>(
          Submissions.prototype,
          'forget',
          () =>
            function () {
              this.hasForgotten = true;
            },
        ),
        replace<SubmissionsShape>(
          Submissions.prototype,
          'attach',
          (original) =>
            function (lastReceivedId: number, credit: unknown) {
              const received = this.hasForgotten === true ? 0 : lastReceivedId;
              this.hasForgotten = false;
              return original.call(this, received, credit);
            },
        ),
      ),
  },
  {
    name: 'what a closing server has begun is begun in the place of it, too',
    invariants: [2, 19],
    seed: 48,
    plant: () =>
      replace(
        Submissions.prototype,
        'hold',
        (original) =>
          function () {
            return original.call(this, 0);
          },
      ),
  },
  {
    name: 'what waits is given up with the server that is gone',
    invariants: [1],
    seed: 1,
    plant: () =>
      replace<SubmissionsShape>(
        Submissions.prototype,
        'forget',
        (original) =>
          function (reason: OperationFailure) {
            const waiting = [...this.waiting];
            this.waiting.clear();
            for (const { subscriber } of waiting) subscriber.error(this.endedWith(reason));
            original.call(this, reason);
          },
      ),
  },
  {
    name: 'a session that is another says that it is the same',
    invariants: [19],
    seed: 1,
    plant: () =>
      replace(
        Connectivity.prototype,
        'become',
        (original) =>
          function (phase: string) {
            return original.call(this, phase === 'reopened' ? 'resumed' : phase);
          },
      ),
  },
  {
    name: 'what may have run is said not to have',
    invariants: [19],
    seed: 1,
    plant: () =>
      replace<SubmissionsShape>(
        Submissions.prototype,
        'fail',
        (original) =>
          function (frameId: number, ...why) {
            const asked = this.inFlight.get(frameId);
            if (asked !== undefined) {
              const { subscriber } = asked;
              asked.subscriber = {
                error: (error) => {
                  subscriber.error(Object.assign(error as object, { outcome: 'not-run' }));
                },
              };
            }
            return original.call(this, frameId, ...why);
          },
      ),
  },
  {
    name: 'an object is taken to be there whoever has put it',
    invariants: [19],
    seed: 1,
    plant: () => replace(SessionCache.prototype, 'resolve', () => () => ({ kind: 'resolved', objects: [] })),
  },
];
