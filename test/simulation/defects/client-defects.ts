import * as backoff from '../../../src/client/reconnect/backoff';
import { ConnectedSession } from '../../../src/client/session/connected-session';
import { Patches } from '../../../src/client/session/messages/patch';
import { Results } from '../../../src/client/session/messages/results';
import { ConnectionCredit } from '../../../src/client/link/connection-credit';
import { ClientLink } from '../../../src/client/link/link';
import { SubmitWindow } from '../../../src/client/submissions/submit-window';
import { Submissions } from '../../../src/client/submissions/submissions';
import { isTerminal, type ResultPush } from '../../../src/protocol/operation/result';
import type { Packet } from '../../../src/wire/packet';
import type { Defect } from './defect';
import { nothing, replace } from './planting';

interface SubmissionsShape {
  readonly inFlight: Map<
    number,
    { readonly subscriber: { complete(): void; next(result: ResultPush): void } }
  >;
}

export const CLIENT_DEFECTS: readonly Defect[] = [
  {
    name: 'a client goes on listening where it has left',
    invariants: [4, 5, 6, 8],
    seed: 3,
    plant: () => replace(ClientLink.prototype, 'release', () => () => true),
  },
  {
    name: 'all that is in flight is submitted again',
    invariants: [1, 5, 7],
    seed: 3,
    plant: () =>
      replace(
        Submissions.prototype,
        'attach',
        (original) =>
          function (_lastReceivedId: number, credit: unknown) {
            return original.call(this, 0, credit);
          },
      ),
  },
  {
    name: 'what the server has not received is not submitted again',
    invariants: [1],
    seed: 9,
    plant: () =>
      replace(
        Submissions.prototype,
        'attach',
        (original) =>
          function (_lastReceivedId: number, credit: unknown) {
            return original.call(this, Infinity, credit);
          },
      ),
  },
  {
    name: 'a client submits without credit',
    invariants: [5],
    seed: 1,
    plant: () => replace(SubmitWindow.prototype, 'admits', () => () => true),
  },
  {
    name: 'the credit of a connection is counted for each of its sessions',
    invariants: [5],
    seed: 4,
    plant: () => replace(ConnectionCredit.prototype, 'take', () => nothing),
  },
  {
    name: 'a client does not count the drops that it received',
    invariants: [3, 4, 7],
    seed: 3,
    plant: () =>
      replace<{ count: number }>(
        Results.prototype,
        'onDrop',
        (original) =>
          function (packet: Packet) {
            original.call(this, packet);
            this.count -= 1;
          },
      ),
  },
  {
    name: 'the end of an answer is told twice',
    invariants: [1],
    seed: 1,
    plant: () =>
      replace<SubmissionsShape>(
        Submissions.prototype,
        'take',
        (original) =>
          function (result: ResultPush) {
            const asked = this.inFlight.get(result.frameId);
            original.call(this, result);
            if (isTerminal(result)) asked?.subscriber.complete();
          },
      ),
  },
  {
    name: 'a client that moves proves what it has not received',
    invariants: [1, 3, 4, 12],
    seed: 203,
    plant: () => replace(ClientLink.prototype, 'withholdPongs', () => () => nothing),
  },
  {
    name: 'a patch that cannot be sent waits for its ack',
    invariants: [14],
    seed: 1,
    plant: () =>
      replace<{ add(request: unknown): Promise<unknown> }>(
        Patches.prototype,
        'ask',
        (original) =>
          function (...given) {
            try {
              return original.apply(this, given);
            } catch (error) {
              this.add({}).catch(nothing);
              throw error;
            }
          },
      ),
  },
  {
    name: 'a close that cannot be sent closes the session half',
    invariants: [1, 14],
    seed: 1,
    plant: () =>
      replace<{ readonly submissions: { refuseNew(): void } }>(
        ConnectedSession.prototype,
        'close',
        (original) =>
          function (...given) {
            this.submissions.refuseNew();
            return original.apply(this, given);
          },
      ),
  },
  {
    name: 'the waits between attempts to connect are not drawn from the seed',
    invariants: [13],
    seed: 1,
    plant: () => replace(backoff, 'backoffMs', () => () => Math.floor(Math.random() * 40)),
  },
];
