import { AnswerCalls } from '../../../src/client/submissions/answer-calls';
import { Pressures } from '../../../src/client/session/messages/pressure';
import { ObjectTable } from '../../../src/objects/object-table';
import { SessionSender } from '../../../src/server/session/results/session-sender';
import { Admission } from '../../../src/server/session/submits/admission/admission';
import { OperationHolds } from '../../../src/server/session/submits/admission/operation-holds';
import { OperationSchedule } from '../../../src/server/session/submits/admission/operation-schedule';
import { OperationBudget } from '../../../src/server/session/submits/operation-budget';
import { SessionOperations } from '../../../src/server/session/submits/session-operations';
import { ObjectReleaseReason } from '../../../src/wire/preview4/objects';
import type { Defect } from './defect';
import { nothing, replace } from './planting';

interface Scheduling {
  scheduled: { readonly deadlineAt: number } | undefined;
}

/** Of what preview4 says of operations and objects: each is heard, and not done. */
export const MEANING_DEFECTS: readonly Defect[] = [
  {
    name: 'a cancel is only noted',
    invariants: [5, 27],
    seed: 1,
    plant: () => replace(SessionOperations.prototype, 'cancel', () => () => []),
  },
  {
    name: 'a deadline fires early',
    invariants: [27],
    seed: 1,
    plant: () =>
      replace(
        OperationSchedule.prototype,
        'watch',
        (original) =>
          function (submit: Scheduling) {
            const { scheduled } = submit;
            if (scheduled !== undefined)
              submit.scheduled = { ...scheduled, deadlineAt: scheduled.deadlineAt - 20 };
            original.call(this, submit);
          },
      ),
  },
  {
    name: 'a deadline passes, and nothing ends',
    invariants: [27],
    seed: 156,
    plant: () => replace(OperationSchedule.prototype, 'giveUp', () => nothing),
  },
  {
    name: 'the credit that a client gives an answer is not counted down',
    invariants: [18],
    seed: 94,
    plant: () => replace(OperationHolds.prototype, 'count', () => nothing),
  },
  {
    name: 'the credit that a server gives in words of preview4 is not heeded',
    invariants: [5],
    seed: 136,
    plant: () => replace(Pressures.prototype, 'apply', () => nothing),
  },
  {
    name: 'a budget is not counted',
    invariants: [28],
    seed: 1,
    plant: () => replace(OperationBudget.prototype, 'use', () => nothing),
  },
  {
    name: 'a budget is counted twice',
    invariants: [28],
    seed: 1,
    plant: () =>
      replace(
        OperationBudget.prototype,
        'use',
        (original) =>
          function (tokens: number, bytes: number) {
            original.call(this, 2 * tokens, 2 * bytes);
          },
      ),
  },
  {
    name: 'priorities are only noted',
    invariants: [29],
    seed: 195,
    plant: () => replace(Admission.prototype, 'ranked', () => nothing),
  },
  {
    name: 'an object outlives its owner at the other end',
    invariants: [30],
    seed: 374,
    plant: () => replace(ObjectTable.prototype, 'onRelease', () => nothing),
  },
  {
    name: 'an object outlives its time',
    invariants: [30],
    seed: 1,
    plant: () =>
      replace(
        ObjectTable.prototype,
        'end',
        (original) =>
          function (object: unknown, end: { readonly reason: ObjectReleaseReason }) {
            if (end.reason !== ObjectReleaseReason.Expired) original.call(this, object, end);
          },
      ),
  },
  {
    name: 'objects outlive their session',
    invariants: [30],
    seed: 1,
    plant: () => replace(ObjectTable.prototype, 'ended', () => nothing),
  },
  {
    name: 'objects have no bounds',
    invariants: [30],
    seed: 65,
    plant: () => replace(ObjectTable.prototype, 'lacksRoom', () => nothing),
  },
  {
    name: 'how far an answer is is said of another',
    invariants: [31],
    seed: 1,
    plant: () =>
      replace(
        AnswerCalls.prototype,
        'progressed',
        (original) =>
          function (progress: object) {
            original.call(this, { ...progress, text: '0.0' });
          },
      ),
  },
  {
    name: 'nobody is told when to ask again',
    invariants: [1],
    seed: 1,
    plant: () =>
      replace(
        SessionSender.prototype,
        'failurePacket',
        (original) =>
          function (failure: object) {
            return original.call(this, { ...failure, retryAfterMs: 0 });
          },
      ),
  },
];
