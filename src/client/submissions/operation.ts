import { Observable, type Subscriber, type TeardownLogic } from 'rxjs';
import { intercept } from '../../../operators/application/responding/interceptor';
import type { ResultPush } from '../../protocol/operation/result';
import { onAbort } from '../abort';
import { takeSubmitRequest } from '../option-rules';
import type { ClientOperation } from './client-interceptor';
import { Stopwatch, type OperationTimings } from './stopwatch';
import type { Submission, SubmitObserver, SubmitRequest } from './submission';
import type { Submissions } from './submissions';
import type { CallListener } from './tools/tool-calls';

/** Told of each submission that comes of a request: with interceptors around it, none or several may. */
export type Begun = (submission: Submission) => void;

interface Asking {
  /** Who hears of calls of tools. */
  readonly listener: CallListener;
  /** Who is given the results in the place of the subscriber. */
  readonly observer?: SubmitObserver;
  readonly begun?: Begun;
}

/** Submits for a subscriber, until it unsubscribes, or the request's signal aborts. */
export function submitFor(
  submits: Submissions,
  request: SubmitRequest,
  subscriber: Subscriber<ResultPush>,
  { listener, observer = subscriber, begun }: Asking,
): TeardownLogic {
  const submission = submits.begin(takeSubmitRequest(request), observer, listener);
  if (submission === undefined) return undefined;
  begun?.(submission);
  const { signal } = submission;
  if (signal !== undefined) {
    const aborted = onAbort(signal, () => {
      observer.error(submits.abort(submission, signal));
    });
    subscriber.add(aborted);
  }
  return () => {
    submits.giveUp(submission);
  };
}

/** The results of a request with interceptors around it. */
export function intercepted(
  submits: Submissions,
  request: SubmitRequest,
  listener: CallListener,
  begun?: Begun,
): Observable<ResultPush> {
  const run = new Run(submits.sessionId, new Stopwatch(submits.settings.scheduler));
  const ask = intercept<ClientOperation, ResultPush>(
    submits.settings.interceptors,
    (operation) =>
      new Observable((subscriber) => {
        run.stopwatch.start();
        const observer = new Timed(subscriber, run.stopwatch);
        const noted = (submission: Submission): void => {
          run.submission = submission;
          begun?.(submission);
        };
        return submitFor(submits, operation.request, subscriber, { listener, observer, begun: noted });
      }),
  );
  return new Observable((subscriber) => ask(new RequestedOperation(run, request)).subscribe(subscriber));
}

/** What an operation is, whatever its request becomes. */
class Run {
  /** The latest: an interceptor may ask again. */
  submission: Submission | undefined;

  constructor(
    readonly sessionId: number,
    readonly stopwatch: Stopwatch,
  ) {}
}

class RequestedOperation implements ClientOperation {
  constructor(
    private readonly run: Run,
    readonly request: SubmitRequest,
  ) {}

  get sessionId(): number {
    return this.run.sessionId;
  }

  get frameId(): number {
    return this.run.submission?.frameId ?? 0;
  }

  get timings(): OperationTimings {
    return this.run.stopwatch;
  }

  with(changes: SubmitRequest): ClientOperation {
    return new RequestedOperation(this.run, takeSubmitRequest({ ...this.request, ...changes }));
  }
}

/** A subscriber whose results are timed. */
class Timed implements SubmitObserver {
  constructor(
    private readonly subscriber: Subscriber<ResultPush>,
    private readonly stopwatch: Stopwatch,
  ) {}

  sent(): void {
    this.stopwatch.sent();
  }

  next(result: ResultPush): void {
    this.stopwatch.result();
    this.subscriber.next(result);
  }

  error(error: unknown): void {
    this.stopwatch.stop();
    this.subscriber.error(error);
  }

  complete(): void {
    this.stopwatch.stop();
    this.subscriber.complete();
  }
}
