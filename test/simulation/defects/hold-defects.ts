import { ClientLink } from '../../../src/client/link/link';
import { FlowUpdates } from '../../../src/client/session/messages/flow-update';
import { Backlog } from '../../../src/client/submissions/results/backlog';
import { HeldTotals } from '../../../src/server/limits/held-totals';
import { SessionOutlet } from '../../../src/server/session/results/session-outlet';
import { OperationHolds } from '../../../src/server/session/submits/admission/operation-holds';
import type { ReceivedSubmit } from '../../../src/server/session/submits/submit';
import type { Defect } from './defect';
import { answer, nothing, replace, unchanged } from './planting';

/** Of packets that the other end does not take, and of answers that are pulled too slowly. */
export const HOLD_DEFECTS: readonly Defect[] = [
  {
    name: 'a client sends more than its server takes',
    invariants: [1, 17],
    seed: 47,
    plant: () =>
      replace(
        ClientLink.prototype,
        'announce',
        (original) =>
          function (extension: object) {
            return original.call(this, { ...extension, largestPacket: undefined });
          },
      ),
  },
  {
    name: 'a server sends more than its client takes',
    invariants: [17],
    seed: 1,
    plant: () => answer(SessionOutlet.prototype, 'largestBody', Infinity),
  },
  {
    name: 'a slow loop holds nobody',
    invariants: [18],
    seed: 1,
    plant: () => replace(FlowUpdates.prototype, 'hold', () => nothing),
  },
  {
    name: 'what a loop has held is never let go',
    invariants: [1, 12],
    seed: 83,
    plant: () => replace(FlowUpdates.prototype, 'release', () => nothing),
  },
  {
    name: 'what a loop has taken stays counted',
    invariants: [18],
    seed: 1,
    plant: () => unchanged(Backlog.prototype, 'took', 'total'),
  },
  {
    name: 'a hold is not heeded',
    invariants: [18],
    seed: 1,
    plant: () => replace(OperationHolds.prototype, 'holdSubmit', () => nothing),
  },
  {
    name: 'what was held is lost where it may go on',
    invariants: [1, 4, 12],
    seed: 29,
    plant: () =>
      replace(
        OperationHolds.prototype,
        'send',
        () =>
          function (submit: ReceivedSubmit) {
            submit.release();
          },
      ),
  },
  {
    name: 'what is held of an answer has no bounds',
    invariants: [18],
    seed: 49,
    plant: () =>
      replace<{ bytes: number; readonly answers: Set<unknown> }>(
        HeldTotals.prototype,
        'grow',
        () =>
          function (held: unknown, by: number) {
            this.answers.add(held);
            this.bytes += by;
            return [];
          },
      ),
  },
  {
    name: 'what was held stays counted over all sessions',
    invariants: [8],
    seed: 46,
    plant: () => replace(HeldTotals.prototype, 'leave', () => nothing),
  },
];
