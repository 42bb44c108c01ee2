import { Results } from '../../../src/client/session/messages/results';
import {
  PREVIEW4_ANSWERS,
  type AnsweredOperation,
  type DropCause,
} from '../../../src/protocol/revision/answers';
import type { Packet } from '../../../src/wire/packet';
import type { Defect } from './defect';
import { replace } from './planting';

/** Of what only sessions of preview4 have. */
export const REVISION_DEFECTS: readonly Defect[] = [
  {
    name: 'a client does not count the parts that it received in preview4',
    invariants: [1, 3, 4, 7],
    seed: 1,
    plant: () =>
      replace<{ count: number }>(
        Results.prototype,
        'onPart',
        (original) =>
          function (packet: Packet) {
            original.call(this, packet);
            this.count -= 1;
          },
      ),
  },
  {
    name: 'a drop of preview4 names another operation',
    invariants: [1, 7],
    seed: 57,
    plant: () =>
      replace(
        PREVIEW4_ANSWERS,
        'drop',
        (original) =>
          function (sessionId: number, operation: AnsweredOperation, cause: DropCause) {
            const { frameId, idLow, idHigh, partCount } = operation;
            return original.call(this, sessionId, { frameId, idLow: idLow + 1, idHigh, partCount }, cause);
          },
      ),
  },
];
