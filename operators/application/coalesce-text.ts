import {
  Observable,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
} from 'rxjs';
import type { Result } from '../../src/protocol/operation/result';
import { GATHERED_BYTES, TextResult } from '../../src/protocol/content/text-result';
import { nextTurn } from '../../src/transport/time/after-reading';
import { monotonicScheduler } from '../../src/transport/time/monotonic-scheduler';
import { BodyRegionPrelude } from '../../src/wire/body/body-region';
import type { Texts } from '../../src/wire/text-packet';
import { listen, type Listening } from './responding/listening';

/** What `coalesceText` goes by. */
export interface CoalesceTextOptions {
  /** Bytes of body that a result may have at present. Default: always 4 KiB, which are the most in any case. */
  readonly largestBody?: () => number;
  /** Whose turns texts are gathered in; a session's is its server's. Default: a server's default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Joins texts of one operation that come in one turn of the event loop into one result, with a frame for each: a
 * burst of tokens takes 30 bytes a token instead of 165. What comes one text a turn is as it was, but for the wait until
 * that turn is over. Other results pass at once, behind the texts of their operation.
 *
 * @example
 * session.submits$
 *   .pipe(
 *     respondToSubmits((submit) => model.stream(submit.body)),
 *     coalesceText(),
 *   )
 *   .subscribe(session.results);
 *
 * @returns Results. Completes and errors with the source, after what was gathered.
 */
export function coalesceText({
  largestBody = () => GATHERED_BYTES,
  scheduler = monotonicScheduler,
}: CoalesceTextOptions = {}): MonoTypeOperatorFunction<Result> {
  return (results$) =>
    new Observable((subscriber) => {
      listen(results$, new Coalescing(subscriber, largestBody, scheduler));
    });
}

/** The texts of one operation in one turn. */
interface Gathered {
  readonly texts: string[];
  /** Bytes of body, at most. */
  bytes: number;
}

class Coalescing implements Listening<Result> {
  /** By operation. */
  private gathered = new Map<number, Gathered>();
  private turn: Subscription | undefined;

  constructor(
    private readonly results: Subscriber<Result>,
    private readonly largestBody: () => number,
    private readonly scheduler: SchedulerLike,
  ) {}

  subscribed(subscription: Subscription): void {
    this.results.add(subscription);
    this.results.add(() => {
      this.forget();
    });
  }

  next(result: Result): void {
    if (result instanceof TextResult && result.isText) this.gather(result);
    else {
      this.handOn(result.frameId);
      this.results.next(result);
    }
  }

  error(error: unknown): void {
    this.handAllOn();
    this.results.error(error);
  }

  complete(): void {
    this.handAllOn();
    this.results.complete();
  }

  private gather({ frameId, text, maxByteLength }: TextResult): void {
    const most = Math.min(GATHERED_BYTES, this.largestBody());
    const before = this.gathered.get(frameId);
    if (before !== undefined && before.bytes + maxByteLength > most) this.handOn(frameId);
    const gathered = this.gathered.get(frameId);
    if (gathered === undefined) {
      this.gathered.set(frameId, { texts: textsOf(text), bytes: maxByteLength });
      this.turn ??= nextTurn(this.scheduler, () => {
        this.handAllOn();
      });
    } else {
      gathered.texts.push(...textsOf(text));
      gathered.bytes += maxByteLength - BodyRegionPrelude.length;
    }
  }

  /** Hands on what there is of an operation. */
  private handOn(frameId: number): void {
    const gathered = this.gathered.get(frameId);
    if (gathered === undefined) return;
    this.gathered.delete(frameId);
    this.results.next(resultOf(frameId, gathered));
  }

  private handAllOn(): void {
    const { gathered } = this;
    this.forget();
    for (const [frameId, texts] of gathered) this.results.next(resultOf(frameId, texts));
  }

  private forget(): void {
    this.turn?.unsubscribe();
    this.turn = undefined;
    this.gathered = new Map();
  }
}

function textsOf(text: Texts): string[] {
  return typeof text === 'string' ? [text] : [...text];
}

function resultOf(frameId: number, { texts }: Gathered): TextResult {
  const [first = ''] = texts;
  return new TextResult(frameId, texts.length === 1 ? first : texts);
}
