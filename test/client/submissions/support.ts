import type { Subscription } from 'rxjs';
import { ConnectionCredit } from '../../../src/client/link/connection-credit';
import type { Submission, SubmitRequest } from '../../../src/client/submissions/submission';
import { Backlog, type Holding } from '../../../src/client/submissions/backlog';
import { OperationHolds } from '../../../src/client/submissions/operation-holds';
import { SubmittedResults, type ResultStream } from '../../../src/client/submissions/result-stream';
import { Submissions } from '../../../src/client/submissions/submissions';
import { completeResult } from '../../../src/protocol/operation/result';
import {
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../../src/wire/messages/flow-update';
import { SessionOpenAckMetadata } from '../../../src/wire/messages/session-open';
import { text } from '../../support/packets';
import { VirtualTime } from '../../support/virtual-time';

export interface Grant {
  readonly credit?: number;
  readonly maxInFlight?: number;
  /** Default false. */
  readonly maySendAgain?: boolean;
}

export function ackOf({ credit = 2, maxInFlight = 4 }: Grant): SessionOpenAckMetadata {
  return SessionOpenAckMetadata.of({ grantedOperationCredit: credit, maxInFlightOperations: maxInFlight });
}

export interface StageOptions extends Grant {
  /** Default: operation. */
  readonly holding?: Holding;
  readonly slowConsumerMs?: number;
}

/** Submissions of session 7, everything that they send, and what becomes of each submit. */
export class Stage {
  readonly time = new VirtualTime();
  readonly sent: string[] = [];
  readonly outcomes = new Map<string, unknown[]>();
  readonly subscriptions = new Map<string, Subscription>();
  idleCount = 0;
  /** What the server has said that it takes. */
  largestPacket = Infinity;
  sendSubmit: (submission: Submission) => void = ({ frameId }) => {
    this.sent.push(`submit ${frameId}`);
  };
  readonly submissions: Submissions;
  readonly backlog: Backlog;
  private epoch = 0;

  constructor({ holding = 'operation', slowConsumerMs, ...grant }: StageOptions = {}) {
    const largestPacket = (): number => this.largestPacket;
    this.submissions = new Submissions(
      {
        get largestPacket() {
          return largestPacket();
        },
        sessionId: 7,
        scheduler: this.time,
        maySendAgain: grant.maySendAgain ?? false,
        sendSubmit: (submission) => {
          this.sendSubmit(submission);
        },
        sendCancel: (frameId) => this.sent.push(`cancel ${frameId}`),
        idle: () => {
          this.idleCount += 1;
        },
      },
      ackOf(grant),
      new ConnectionCredit(),
    );
    const holds = new OperationHolds(this.submissions, (metadata) => {
      const { updateReason, operationId } = FlowUpdateMetadata.decode(metadata);
      this.sent.push(`${updateReason === FlowUpdateReason.Pause ? 'hold' : 'release'} ${operationId}`);
    });
    this.backlog = new Backlog(
      {
        sessionId: 7,
        scheduler: this.time,
        maxBufferedBytes: 4096,
        slowConsumerMs,
        holds,
        giveUp: (submission) => {
          this.submissions.giveUp(submission);
        },
        pauseReading: () => this.sent.push('pause reading'),
        resumeReading: () => this.sent.push('resume reading'),
      },
      holding,
    );
  }

  results(request: SubmitRequest): ResultStream {
    return new SubmittedResults(request, this.submissions, this.backlog);
  }

  submit(name: string, request: SubmitRequest = {}): void {
    const seen: unknown[] = [];
    this.outcomes.set(name, seen);
    this.subscriptions.set(
      name,
      this.results({ body: name, ...request }).subscribe({
        next: ({ body }) => seen.push(new TextDecoder().decode(body)),
        error: (error: unknown) => seen.push(error),
        complete: () => seen.push('|'),
      }),
    );
  }

  unsubscribe(name: string): void {
    this.subscriptions.get(name)?.unsubscribe();
  }

  complete(frameId: number): void {
    this.submissions.take(completeResult(frameId, text('end')));
  }

  /** A FLOW_UPDATE of the session, of the next epoch. */
  flow(fields: Partial<FlowUpdateMetadata>): void {
    this.epoch += 1;
    this.submissions.applyFlow(
      FlowUpdateMetadata.of({ scopeKind: FlowScope.Session, creditEpoch: this.epoch, ...fields }),
    );
  }

  grant(credit: number): void {
    this.flow({
      updateReason: FlowUpdateReason.Grant,
      flowFlags: FlowFlag.CreditValid,
      sessionCredit: credit,
    });
  }

  /** What was sent since the last time. */
  news(): string[] {
    return this.sent.splice(0);
  }
}

/** As if that many frames had been sent before; to send them would take hours. */
export function skipTo(submissions: Submissions, frameId: number): void {
  expect(Reflect.has(submissions, 'nextFrameId')).toBe(true);
  Reflect.set(submissions, 'nextFrameId', frameId);
}
