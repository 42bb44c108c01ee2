import { lastValueFrom, Subscription } from 'rxjs';
import { ResultOutbox } from '../../../src/protocol/operation/result-outbox';
import { type Result } from '../../../src/protocol/operation/result';
import { Admission } from '../../../src/server/session/submits/admission/admission';
import { Connection } from '../../../src/server/connection/connection';
import * as resumeToken from '../../../src/server/opening/resume-token';
import * as argumentRules from '../../../src/server/session/argument-rules';
import * as close from '../../../src/server/session/messages/close';
import type { SessionEnding } from '../../../src/server/session/session-terms';
import type { SessionStreams } from '../../../src/server/session/session-streams';
import { SessionCore } from '../../../src/server/session/session-core';
import { SessionOpener } from '../../../src/server/opening/session-opener';
import { SessionRegistry } from '../../../src/server/opening/session-registry';
import { AckQueue } from '../../../src/server/session/ack-queue';
import { SessionClaim } from '../../../src/server/session/session-claim';
import { SessionOperations } from '../../../src/server/session/submits/session-operations';
import { SessionOutlet } from '../../../src/server/session/results/session-outlet';
import type { SessionSender } from '../../../src/server/session/results/session-sender';
import { ReceivedSubmit } from '../../../src/server/session/submits/submit';
import type { Packet } from '../../../src/wire/packet';
import type { Defect } from './defect';
import { nothing, replace, unchanged } from './planting';

interface AdmissionShape {
  readonly queue: Map<number, ReceivedSubmit>;
  queuedBytes: number;
  readonly streams: { isWatched(name: string): boolean };
}

interface OutletShape {
  readonly outbox: ResultOutbox<{ readonly byteLength: number }> | undefined;
}

interface OperationsShape {
  readonly session: { readonly sender: SessionSender; readonly streams: SessionStreams };
  running(frameId: number): unknown;
}

interface RecoveryShape {
  expiry: unknown;
}

/** An operation that has no name but its frame's, as those of preview3. */
const UNNAMED = { frameId: 0, idLow: 0, idHigh: 0, partCount: 0 };

export const SERVER_DEFECTS: readonly Defect[] = [
  {
    name: 'slots are not counted',
    invariants: [8],
    seed: 3,
    plant: () =>
      replace<AdmissionShape>(
        Admission.prototype,
        'hasSlot',
        () =>
          function () {
            return this.streams.isWatched('submits');
          },
      ),
  },
  {
    name: 'the slot of an operation that ended is lost',
    invariants: [8],
    seed: 1,
    plant: () => replace(Admission.prototype, 'take', () => nothing),
  },
  {
    name: 'a submit leaves the queue and its bytes stay',
    invariants: [8],
    seed: 1,
    plant: () => unchanged(Admission.prototype, 'withdraw', 'queuedBytes'),
  },
  {
    name: 'the queue of submits has no bounds',
    invariants: [8],
    seed: 65,
    plant: () =>
      replace<AdmissionShape>(
        Admission.prototype,
        'offer',
        (original) =>
          function (submit: ReceivedSubmit) {
            const verdict = original.call(this, submit);
            if (verdict !== 'refuse') return verdict;
            this.queue.set(submit.frameId, submit);
            this.queuedBytes += submit.body.length;
            return 'wait';
          },
      ),
  },
  {
    name: 'the last result that a client has comes again with a resume',
    invariants: [3, 4, 7],
    seed: 1,
    plant: () =>
      replace<OutletShape>(
        SessionOutlet.prototype,
        'attach',
        (original) =>
          function (attachment: unknown, received: number | undefined) {
            return original.call(
              this,
              attachment,
              received === undefined ? received : Math.max(0, received - 1),
            );
          },
      ),
  },
  {
    name: 'what a client lacks is not sent again',
    invariants: [1, 3, 4],
    seed: 1,
    plant: () =>
      replace<OutletShape>(
        SessionOutlet.prototype,
        'attach',
        (original) =>
          function (attachment: unknown) {
            return original.call(this, attachment, this.outbox?.lastNumber);
          },
      ),
  },
  {
    name: 'a proof of receipt counts for what was sent after it was asked for',
    invariants: [3, 4],
    seed: 182,
    plant: () =>
      replace<OutletShape>(
        SessionOutlet.prototype,
        'acknowledge',
        () =>
          function () {
            this.outbox?.acknowledge(this.outbox.lastSentNumber);
          },
      ),
  },
  {
    name: 'a result leaves the outbox and its bytes stay',
    invariants: [8],
    seed: 1,
    plant: () => unchanged(ResultOutbox.prototype, 'release', 'bytes'),
  },
  {
    name: 'the outbox of an attached session has no bounds',
    invariants: [8],
    seed: 4,
    plant: () => replace(ResultOutbox.prototype, 'trim', () => () => true),
  },
  {
    name: 'the outbox of a detached session has no bounds',
    invariants: [8],
    seed: 50,
    plant: () =>
      replace<OutletShape>(
        SessionOutlet.prototype,
        'sendResult',
        (original) =>
          function (packet: Packet) {
            const sent = original.call(this, packet);
            return sent === 'full' ? 'kept' : sent;
          },
      ),
  },
  {
    name: 'the token before the current one counts for ever',
    invariants: [9],
    seed: 156,
    plant: () => replace(SessionClaim.prototype, 'confirm', () => nothing),
  },
  {
    name: 'any token will do',
    invariants: [9],
    seed: 5,
    plant: () =>
      replace(
        resumeToken,
        'matchToken',
        () => (_token: Uint8Array, pair: unknown) => (pair === undefined ? undefined : 'current'),
      ),
  },
  {
    name: 'who has the token has the session, whoever it is',
    invariants: [9],
    seed: 39,
    plant: () => replace(SessionOpener.prototype, 'isForeign', () => () => false),
  },
  {
    name: 'the token that a client is given is not kept',
    invariants: [3, 9],
    seed: 1,
    plant: () => replace(resumeToken, 'rotate', () => (pair: unknown) => pair),
  },
  {
    name: 'a connection keeps the sessions that have left it',
    invariants: [5, 6],
    seed: 3,
    plant: () => replace(Connection.prototype, 'released', () => nothing),
  },
  {
    name: 'a connection that ends does not tell its sessions',
    invariants: [8, 10, 12],
    seed: 4,
    plant: () => replace(SessionCore.prototype, 'connectionLost', () => nothing),
  },
  {
    name: 'a submit that comes twice runs twice',
    invariants: [2],
    seed: 13,
    plant: () =>
      replace<OperationsShape>(
        SessionOperations.prototype,
        'submit',
        (original) =>
          function (submit: ReceivedSubmit) {
            try {
              return original.call(this, submit);
            } catch {
              this.session.streams.emit('submits', submit);
              return 'start';
            }
          },
      ),
  },
  {
    name: 'a cancel does not reach the handler',
    invariants: [8],
    seed: 1,
    plant: () =>
      replace(
        ReceivedSubmit.prototype,
        'finish',
        (original) =>
          function (end: string) {
            return end === 'cancelled' ? undefined : original.call(this, end);
          },
      ),
  },
  {
    name: 'an answer is sent for an operation that is over',
    invariants: [7],
    seed: 3,
    plant: () =>
      replace<OperationsShape>(
        SessionOperations.prototype,
        'answer',
        (original) =>
          function (result: Result) {
            if (this.running(result.frameId) === undefined) this.session.sender.result(result, UNNAMED);
            else original.call(this, result);
          },
      ),
  },
  {
    name: 'what waits for a slot starts after a close',
    invariants: [10],
    seed: 48,
    plant: () => replace(SessionOperations.prototype, 'endQueued', () => nothing),
  },
  {
    name: 'a drain takes as long as it likes',
    invariants: [10],
    seed: 210,
    plant: () =>
      replace<SessionCore>(
        SessionCore.prototype,
        'later',
        (original) =>
          function (ms: number, work: () => void) {
            const isDrainLimit = this.phase === 'drains' || this.phase === 'answers';
            return isDrainLimit ? Subscription.EMPTY : original.call(this, ms, work);
          },
      ),
  },
  {
    name: 'a session that was taken up still expires',
    invariants: [3],
    seed: 5,
    plant: () =>
      replace<RecoveryShape>(
        SessionCore.prototype,
        'resume',
        (original) =>
          function (...given) {
            this.expiry = Subscription.EMPTY;
            original.apply(this, given);
          },
      ),
  },
  {
    name: 'a server grants what is no number',
    invariants: [14],
    seed: 85,
    plant: () => replace(argumentRules, 'takeCredit', () => (credit: unknown) => credit),
  },
  {
    name: 'a session waits for its client for ever',
    invariants: [8, 12],
    seed: 1,
    plant: () =>
      replace(
        SessionCore.prototype,
        'end',
        (original) =>
          function (...given) {
            if (given[1] !== 'expired') original.apply(this, given);
          },
      ),
  },
  {
    name: 'a session that is over keeps its id',
    invariants: [8, 11],
    seed: 1,
    plant: () => replace(SessionRegistry.prototype, 'delete', () => nothing),
  },
  {
    name: 'acks go to whoever asks next',
    invariants: [6],
    seed: 156,
    plant: () => replace(AckQueue.prototype, 'clear', () => nothing),
  },
  {
    name: 'a close that is under way is not hastened',
    invariants: [10, 16],
    seed: 136,
    plant: () =>
      replace(
        close,
        'closeSession',
        (original) => (session: SessionCore, ending: SessionEnding) =>
          session.phase === 'open'
            ? original.call(session, session, ending)
            : lastValueFrom(session.connectivity.state$, { defaultValue: undefined }),
      ),
  },
];
