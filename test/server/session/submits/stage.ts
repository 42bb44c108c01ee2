import { NEVER, noop, Subscription } from 'rxjs';
import { type OperationState } from '../../../../src/protocol/operation/operation';
import { type Result } from '../../../../src/protocol/operation/result';
import { HeldTotals } from '../../../../src/server/limits/held-totals';
import { QueuedTotals } from '../../../../src/server/limits/queued-totals';
import { ServerReports } from '../../../../src/server/reports';
import type { ServerContext } from '../../../../src/server/server-context';
import type { HeldResults } from '../../../../src/server/session/submits/admission/held-results';
import { OperationHolds } from '../../../../src/server/session/submits/admission/operation-holds';
import { SessionOperations } from '../../../../src/server/session/submits/session-operations';
import type { SessionParts } from '../../../../src/server/session/submits/session-parts';
import { ReceivedSubmit } from '../../../../src/server/session/submits/submit';
import {
  PREVIEW3_ANSWERS,
  type AnsweredOperation,
  type DropCause,
} from '../../../../src/protocol/revision/answers';
import { DEFAULT_SERVER_LIMITS } from '../../../../src/server/limits/server-limits';
import { MessageType } from '../../../../src/wire/message-type';
import { packet } from '../../../../src/wire/packet';
import { VirtualTime } from '../../../support/virtual-time';
import { submitPacket } from '../../../support/packets';

/** A session's operations, and everything that they tell, in order. */
export class Stage {
  readonly log: string[] = [];
  readonly submits = new Map<number, ReceivedSubmit>();
  isReady = true;
  /** Operations whose results the client cannot be sent. */
  readonly tooLarge = new Set<number>();
  /** Operations whose results cannot be encoded. */
  readonly notAllowed = new Set<number>();
  onDeliver: (submit: ReceivedSubmit) => void = () => undefined;
  onDrop: () => void = () => undefined;
  readonly operations: SessionOperations;
  readonly holds: OperationHolds;

  constructor({ maxInFlight = 2, maxSubmits = 10 }: { maxInFlight?: number; maxSubmits?: number } = {}) {
    const { log } = this;
    const reports = new ServerReports();
    reports.limits.subscribe(({ limit, observed }) => log.push(`${limit}: ${observed}`));
    reports.failures.subscribe(({ message }) => log.push(message));
    const server: Partial<ServerContext> = {
      settings: {
        queue: { maxSubmits, maxBytes: 1000 },
        limits: DEFAULT_SERVER_LIMITS,
        idleTimeoutMs: 0,
      } as ServerContext['settings'],
      scheduler: new VirtualTime(),
      reports,
      queued: new QueuedTotals(Infinity),
      held: new HeldTotals<HeldResults>({ maxHeldBytes: 1000, maxTotalHeldBytes: 2000 }),
      lasting: new Subscription(),
    };
    const parts: SessionParts = {
      sessionId: 5,
      granted: { maxInFlightOperations: maxInFlight },
      server: server as ServerContext,
      claim: { partyAt: () => 'address here' } as Partial<SessionParts['claim']> as SessionParts['claim'],
      outlet: { pressure$: NEVER, began: noop, ended: noop } as Partial<
        SessionParts['outlet']
      > as SessionParts['outlet'],
      // Asked each time that an operation has ended.
      credit: {
        allowed: 2,
        get isStopped() {
          log.push('changed');
          return false;
        },
      } as Partial<SessionParts['credit']> as SessionParts['credit'],
      streams: {
        isWatched: () => this.isReady,
        emit: (_: string, message: unknown) => {
          const submit = message as ReceivedSubmit;
          this.submits.set(submit.frameId, submit);
          submit.ended$.subscribe((end) => log.push(`${submit.frameId} is over: ${end}`));
          log.push(`${submit.frameId} starts`);
          this.onDeliver(submit);
        },
      } as Partial<SessionParts['streams']> as SessionParts['streams'],
      sender: {
        result: (sent: Result) => {
          if (this.notAllowed.has(sent.frameId)) throw new Error('not allowed');
          log.push(`send ${sent.type} ${sent.frameId}`);
        },
        check: () => undefined,
        refusalOf: ({ frameId }: Result) =>
          this.tooLarge.has(frameId) ? packet({ messageType: MessageType.Error }) : undefined,
        refusal: () => log.push('send refusal'),
        answers: PREVIEW3_ANSWERS,
        dropBecause: ({ frameId }: AnsweredOperation, cause: DropCause) => {
          log.push(`drop ${frameId}: ${cause}`);
          this.onDrop();
        },
      } as unknown as SessionParts['sender'],
    };
    this.operations = new SessionOperations(parts);
    this.holds = new OperationHolds(parts, this.operations);
  }

  submit(...frameIds: readonly number[]): string[] {
    return frameIds.map((frameId) =>
      this.operations.submit(
        new ReceivedSubmit(
          submitPacket({ sessionId: 5, frameId, body: 'x' }),
          { objects: [], arrivedAt: 0, deadline: Infinity },
          this.operations,
        ),
      ),
    );
  }

  answer(result: Result): void {
    this.operations.answer(result);
  }

  /** What was told since the last time. */
  news(): string[] {
    return this.log.splice(0);
  }

  stateOf(frameId: number): OperationState | undefined {
    return this.submits.get(frameId)?.state;
  }
}
