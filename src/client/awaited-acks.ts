import { Subscription, type SchedulerLike } from 'rxjs';
import { RuntimeError, unexpectedMessage } from '../protocol/runtime-error';
import { scheduleIn } from '../transport/time/schedule-in';
import { messageTypeName, type MessageType } from '../wire/message-type';

/** How long the acks of a session are waited for. */
export interface Patience {
  /** Whose id may change. */
  readonly session: { readonly sessionId: number };
  readonly scheduler: SchedulerLike;
  /** Milliseconds, Infinity for no limit. */
  readonly answerTimeoutMs: number;
}

interface Waiting<Request, Ack> {
  readonly request: Request;
  readonly resolve: (ack: Ack) => void;
  readonly reject: (error: unknown) => void;
  /** How many requests of any kind came before. */
  readonly turn: number;
  readonly limit: Subscription;
}

/** Requests so far: a clock may say the same of two. */
let turns = 0;

/**
 * Requests that wait for their acks, in the order in which they were sent: the protocol's acks carry no
 * id of their request, so the first ack is the first request's. One that is waited for no more keeps its place:
 * its ack may still come, and is not the next one's.
 */
export class AwaitedAcks<Request, Ack> {
  private readonly waiting: Waiting<Request, Ack>[] = [];
  /** Acks that nobody waits for any more, before those of all that wait. */
  private givenUp = 0;

  constructor(
    private readonly requestType: MessageType,
    private readonly ackType: MessageType,
    /** Default: no limit. */
    private readonly patience?: Patience,
  ) {}

  get size(): number {
    return this.waiting.length;
  }

  /** The request that the next ack is for. */
  get first(): Request | undefined {
    return this.waiting[0]?.request;
  }

  /** The turn of the oldest request, which comes before later ones of any kind; Infinity where none waits. */
  get firstTurn(): number {
    // Of one that is waited for no more nobody knows: it was before all that wait.
    return this.givenUp > 0 ? -1 : (this.waiting[0]?.turn ?? Infinity);
  }

  /** Rejects with a `RuntimeError` where there is no ack in time. */
  add(request: Request): Promise<Ack> {
    const turn = turns++;
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject, turn, limit: this.limit() });
    });
  }

  /**
   * Takes an ack, of the first request; what `answer` throws rejects it. Throws a `RuntimeError` where nobody has
   * asked.
   */
  settle(answer: (request: Request) => Ack): void {
    if (!this.settleFirst(answer)) throw unasked(this.ackType);
  }

  /** Rejects the first request, where there is one: it was answered otherwise, or could not be sent. */
  rejectFirst(error: unknown): void {
    this.settleFirst(() => {
      throw error;
    });
  }

  /** There will be no acks of what was asked so far. */
  rejectAll(error: unknown): void {
    this.givenUp = 0;
    for (const { reject, limit } of this.waiting.splice(0)) {
      limit.unsubscribe();
      reject(error);
    }
  }

  private settleFirst(answer: (request: Request) => Ack): boolean {
    if (this.givenUp > 0) {
      this.givenUp -= 1;
      return true;
    }
    const first = this.waiting.shift();
    if (first === undefined) return false;
    first.limit.unsubscribe();
    try {
      first.resolve(answer(first.request));
    } catch (error) {
      first.reject(error);
    }
    return true;
  }

  private limit(): Subscription {
    const { patience } = this;
    if (patience === undefined) return Subscription.EMPTY;
    return scheduleIn(patience.scheduler, patience.answerTimeoutMs, () => {
      // The first: those after it have as much patience, and were added later.
      const first = this.waiting.shift();
      this.givenUp += 1;
      first?.reject(unanswered(this.requestType, patience));
    });
  }
}

/** An ack without a request. */
export function unasked(ack: MessageType): RuntimeError {
  return unexpectedMessage(`client received ${messageTypeName(ack)} that it did not ask for`);
}

function unanswered(asked: MessageType, { session, answerTimeoutMs }: Patience): RuntimeError {
  return new RuntimeError(
    'io',
    `the server has not answered ${messageTypeName(asked)} of session ${session.sessionId} within ${answerTimeoutMs} ms; ask again, or allow it more time with answerTimeoutMs`,
    { reach: 'session', origin: 'peer' },
  );
}
