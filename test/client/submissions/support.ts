import type { Subscription } from 'rxjs';
import { ConnectionCredit } from '../../../src/client/link/connection-credit';
import type { SubmitRequest } from '../../../src/client/submissions/submission';
import { FlowUpdates } from '../../../src/client/session/messages/flow-update';
import { SessionCarrier } from '../../../src/client/session/session-carrier';
import { Backlog, type Holding } from '../../../src/client/submissions/results/backlog';
import { SubmittedResults, type ResultStream } from '../../../src/client/submissions/results/result-stream';
import { Submissions } from '../../../src/client/submissions/submissions';
import { completeResult } from '../../../src/protocol/operation/result';
import {
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../../src/wire/messages/flow-update';
import { MessageType } from '../../../src/wire/message-type';
import { EMPTY } from '../../../src/wire/packet';
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
  /** Whether the transport can be paused. Default true. */
  readonly canPause?: boolean;
  readonly slowConsumerMs?: number;
}

/** Where nothing goes but into a list. */
class RecordingCarrier extends SessionCarrier {
  readonly sent: string[] = [];
  /** What the server has said that it takes. */
  mostTaken = Infinity;
  submitted = (frameId: number, _body: Uint8Array): void => {
    this.sent.push(`submit ${frameId}`);
  };

  constructor(private readonly canPause: boolean) {
    super(7, undefined);
  }

  override get largestPacket(): number {
    return this.mostTaken;
  }

  override send(messageType: MessageType, frameId = 0, metadata = EMPTY, body = EMPTY): void {
    if (messageType === MessageType.FrameSubmit) this.submitted(frameId, body);
    else if (messageType === MessageType.FrameCancel) this.sent.push(`cancel ${frameId}`);
    else {
      const { updateReason, operationId } = FlowUpdateMetadata.decode(metadata);
      this.sent.push(`${updateReason === FlowUpdateReason.Pause ? 'hold' : 'release'} ${operationId}`);
    }
  }

  override get canHoldReading(): boolean {
    return this.canPause;
  }

  override holdReading(): void {
    this.sent.push('pause reading');
  }

  override releaseReading(): void {
    this.sent.push('resume reading');
  }
}

/** Submissions of session 7, everything that they send, and what becomes of each submit. */
export class Stage {
  readonly time = new VirtualTime();
  readonly carrier: RecordingCarrier;
  readonly outcomes = new Map<string, unknown[]>();
  readonly subscriptions = new Map<string, Subscription>();
  idleCount = 0;
  readonly submissions: Submissions;
  readonly backlog: Backlog;
  private readonly granted: {
    ack: SessionOpenAckMetadata;
    isResumable: boolean;
    isCounted: boolean;
    reopens: boolean;
  };
  private epoch = 0;

  constructor({ holding = 'operation', slowConsumerMs, canPause = true, ...grant }: StageOptions = {}) {
    const carrier = (this.carrier = new RecordingCarrier(canPause));
    const { time: scheduler } = this;
    const { maySendAgain: isResumable = false } = grant;
    this.granted = { ack: ackOf(grant), isResumable, isCounted: isResumable, reopens: isResumable };
    this.submissions = new Submissions(
      carrier,
      { scheduler, interceptors: [] },
      this.granted,
      new ConnectionCredit(),
    );
    this.submissions.idle$.subscribe(() => (this.idleCount += 1));
    const flow = new FlowUpdates(this.submissions, carrier);
    const settings = { scheduler, maxBufferedBytes: 4096, slowConsumerMs };
    this.backlog = new Backlog(carrier, this.submissions, flow, settings, holding);
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

  /** The session goes on over another connection. */
  attach(grant: StageOptions, lastReceivedId: number): void {
    this.granted.ack = ackOf(grant);
    this.submissions.attach(lastReceivedId, new ConnectionCredit());
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
    return this.carrier.sent.splice(0);
  }
}

/** As if that many frames had been sent before; to send them would take hours. */
export function skipTo(submissions: Submissions, frameId: number): void {
  const inFlight = Reflect.get(submissions, 'inFlight') as object;
  expect(Reflect.has(inFlight, 'lastId')).toBe(true);
  Reflect.set(inFlight, 'lastId', frameId - 1);
}
