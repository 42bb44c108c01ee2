import * as backoff from '../../../src/client/backoff';
import { ConnectedSession } from '../../../src/client/connected-session';
import { ConnectionCredit } from '../../../src/client/connection-credit';
import { ClientLink } from '../../../src/client/link';
import { Submissions } from '../../../src/client/submissions';
import { ResultOutbox } from '../../../src/protocol/operation/result-outbox';
import { isTerminal, type Result, type ResultPush } from '../../../src/protocol/operation/result';
import { Admission } from '../../../src/server/session/submits/admission';
import { Connection } from '../../../src/server/connection';
import * as resumeToken from '../../../src/server/opening/resume-token';
import { SessionClosing } from '../../../src/server/session/session-closing';
import { SessionCore } from '../../../src/server/session/session-core';
import { SessionRecovery } from '../../../src/server/session/session-recovery';
import { SessionOpener } from '../../../src/server/opening/session-opener';
import { SessionOperations } from '../../../src/server/session/submits/session-operations';
import { SessionOutlet } from '../../../src/server/session/results/session-outlet';
import { SessionRequests } from '../../../src/server/session/session-requests';
import { Submit, type SubmitContext } from '../../../src/server/session/submits/submit';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import { replace, type Undo } from './planting';

/** Something that is wrong with server or client, put there to see that the simulation notices. */
export interface Defect {
  readonly name: string;
  /** The invariants that say so, as far as seeds have shown; 13 takes a second run. */
  readonly invariants: readonly number[];
  /** A seed from which on it shows soon; where others show it first after a change, they are gone through. */
  readonly seed: number;
  plant(): Undo;
}

const nothing = (): void => undefined;

/** Leaves a number as it was before a method ran. */
function unchanged(prototype: object, name: string, field: string): Undo {
  return replace<Record<string, unknown>>(
    prototype,
    name,
    (original) =>
      function (...given) {
        const before = this[field];
        const result = original.apply(this, given);
        this[field] = before;
        return result;
      },
  );
}

interface AdmissionShape {
  readonly queue: Map<number, Submit>;
  queuedBytes: number;
  readonly inFlight: Map<number, Submit>;
  readonly target: { isReady(): boolean };
}

interface OutletShape {
  readonly outbox: ResultOutbox<{ readonly byteLength: number }> | undefined;
}

interface SubmissionsShape {
  readonly inFlight: Map<
    number,
    { readonly subscriber: { complete(): void; next(result: ResultPush): void } }
  >;
}

interface OperationsShape {
  readonly host: { deliver(submit: Submit): void };
  readonly admission: { running(frameId: number): unknown };
}

interface RecoveryShape {
  expiry: unknown;
}

export const DEFECTS: readonly Defect[] = [
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
            return this.target.isReady();
          },
      ),
  },
  {
    name: 'the slot of an operation that ended is lost',
    invariants: [8],
    seed: 1,
    plant: () =>
      replace<AdmissionShape>(
        Admission.prototype,
        'take',
        () =>
          function (frameId: number) {
            return this.inFlight.get(frameId) ?? this.queue.get(frameId);
          },
      ),
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
    seed: 2,
    plant: () =>
      replace<AdmissionShape>(
        Admission.prototype,
        'offer',
        (original) =>
          function (submit: Submit) {
            if (original.call(this, submit) === 'admitted') return 'admitted';
            this.queue.set(submit.frameId, submit);
            this.queuedBytes += submit.body.length;
            return 'admitted';
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
    seed: 70,
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
    seed: 4,
    plant: () =>
      replace<OutletShape>(
        SessionOutlet.prototype,
        'sendResult',
        (original) =>
          function (packet: Packet) {
            original.call(this, packet);
            return true;
          },
      ),
  },
  {
    name: 'the token before the current one counts for ever',
    invariants: [9],
    seed: 10,
    plant: () => replace(SessionOpener.prototype, 'confirmTokens', () => nothing),
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
    name: 'a client goes on listening where it has left',
    invariants: [4, 5, 6, 8],
    seed: 3,
    plant: () => replace(ClientLink.prototype, 'release', () => () => true),
  },
  {
    name: 'a connection that ends does not tell its sessions',
    invariants: [8, 10, 12],
    seed: 4,
    plant: () => replace(SessionCore.prototype, 'connectionLost', () => nothing),
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
          function (ack: unknown, _lastReceivedId: number, credit: unknown) {
            return original.call(this, ack, 0, credit);
          },
      ),
  },
  {
    name: 'a submit that comes twice runs twice',
    invariants: [2],
    seed: 3,
    plant: () =>
      replace<OperationsShape & ConstructorParameters<typeof Submit>[2]>(
        SessionOperations.prototype,
        'submit',
        (original) =>
          function (packet: Packet, context: SubmitContext) {
            try {
              return original.call(this, packet, context);
            } catch {
              this.host.deliver(new Submit(packet, context, this));
              return 'admitted';
            }
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
          function (ack: unknown, _lastReceivedId: number, credit: unknown) {
            return original.call(this, ack, Infinity, credit);
          },
      ),
  },
  {
    name: 'a cancel does not reach the handler',
    invariants: [8],
    seed: 1,
    plant: () =>
      replace(
        Submit.prototype,
        'finish',
        (original) =>
          function (end: string, state: unknown) {
            return end === 'cancelled' ? undefined : original.call(this, end, state);
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
          function (result: Result, send: (result: Result) => void) {
            if (this.admission.running(result.frameId) === undefined) send(result);
            else original.call(this, result, send);
          },
      ),
  },
  {
    name: 'what waits for a slot starts after a close',
    invariants: [10],
    seed: 5,
    plant: () => replace(SessionOperations.prototype, 'endQueued', () => nothing),
  },
  {
    name: 'a drain takes as long as it likes',
    invariants: [10],
    seed: 3,
    plant: () =>
      replace<{ finishDrain: unknown }>(
        SessionClosing.prototype,
        'drainFor',
        () =>
          function (_timeoutMs: number, finish: () => void) {
            this.finishDrain = finish;
          },
      ),
  },
  {
    name: 'a session that was taken up still expires',
    invariants: [3],
    seed: 5,
    plant: () =>
      replace<RecoveryShape>(
        SessionRecovery.prototype,
        'resume',
        (original) =>
          function (...given) {
            this.expiry = undefined;
            original.apply(this, given);
          },
      ),
  },
  {
    name: 'a session waits for its client for ever',
    invariants: [8, 12],
    seed: 1,
    plant: () => replace(SessionRecovery.prototype, 'expireIn', () => nothing),
  },
  {
    name: 'a client submits without credit',
    invariants: [5],
    seed: 1,
    plant: () => replace(Submissions.prototype, 'maySubmit', () => () => true),
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
      replace<{ receivedResults: number }>(
        ConnectedSession.prototype,
        'receive',
        (original) =>
          function (packet: Packet) {
            const before = this.receivedResults;
            original.call(this, packet);
            if (packet.header.messageType === MessageType.ResultDrop) this.receivedResults = before;
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
    name: 'a session that is over stays in the store',
    invariants: [11],
    seed: 1,
    plant: () =>
      replace<{ readonly host: { readonly settings: { readonly store: { delete: unknown } } } }>(
        SessionOpener.prototype,
        'makeSessionHost',
        (original) =>
          function () {
            this.host.settings.store.delete = nothing;
            return original.call(this);
          },
      ),
  },
  {
    name: 'acks go to whoever asks next',
    invariants: [6],
    seed: 135,
    plant: () => replace(SessionRequests.prototype, 'forget', () => nothing),
  },
  {
    name: 'a client that moves proves what it has not received',
    invariants: [1, 3, 4, 12],
    seed: 50,
    plant: () => replace(ClientLink.prototype, 'withholdPongs', () => () => nothing),
  },
  {
    name: 'a close that is under way is not hastened',
    invariants: [10],
    seed: 90,
    plant: () => replace(SessionClosing.prototype, 'hasten', () => nothing),
  },
  {
    name: 'the waits between attempts to connect are not drawn from the seed',
    invariants: [13],
    seed: 1,
    plant: () => replace(backoff, 'backoffMs', () => () => Math.floor(Math.random() * 40)),
  },
];
