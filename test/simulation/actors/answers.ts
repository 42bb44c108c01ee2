import { Observable, type SchedulerLike, type Subscription } from 'rxjs';
import type { Answer } from '../../../operators/application/respond-to-submits';
import type { Submit } from '../../../src/server/session/session-message';
import { encodeTokens } from '../../../src/protocol/content/token-delta';
import { failure } from '../../../src/protocol/operation/failure';
import { EMPTY } from '../../../src/wire/packet';
import type { Random } from '../random';
import type { Use } from '../wire/heard';

/**
 * How a handler answers:
 *
 * - `stream`: parts with time between them, from an Observable
 * - `pull`: the same, from an async iterable, which is asked for each part
 * - `at-once`: before the handler returns
 * - `throw`: not at all, it throws
 * - `hang`: not at all, until it is unsubscribed
 * - `parked`: not at all, and it cannot be stopped: it awaits what never comes, and looks at no signal
 * - `late`: by hand and after a while, whether or not anybody still wants to know
 */
export type AnswerKind = 'stream' | 'pull' | 'at-once' | 'throw' | 'hang' | 'parked' | 'late';

/** What ends the answer. */
export type AnswerEnding =
  /** The handler completes. */
  | 'complete'
  /** It gives a result that is not partial. */
  | 'result'
  /** It gives RESULT_DROP. */
  | 'drop'
  /** It errors. */
  | 'error'
  /** It errors with a status, and with when to ask again. */
  | 'failure'
  /** It says so to the submit. */
  | 'fail'
  | 'supersede'
  | 'expire';

export interface AnswerPlan {
  readonly kind: AnswerKind;
  readonly parts: number;
  readonly partBytes: number;
  /** Milliseconds between the parts, or until a late answer. */
  readonly delayMs: number;
  readonly ending: AnswerEnding;
  /** Whether the operation waits for a tool after its first part. */
  readonly usesTool: boolean;
  /** Whether its parts are texts. */
  readonly isText: boolean;
  /** Whether it says how far it is. */
  readonly tellsProgress: boolean;
  /** Milliseconds after which to ask again, of one that fails. */
  readonly retryAfterMs: number;
}

/** The longest that an answer takes which is not late and does not hang. */
export const LONGEST_ANSWER_MS = 160;

export function drawAnswer(random: Random): AnswerPlan {
  const kind = random.weighted({
    stream: 50,
    pull: 12,
    'at-once': 14,
    throw: 5,
    hang: 8,
    parked: 3,
    late: 8,
  });
  return {
    kind,
    parts: random.chance(0.1) ? random.int(6, 15) : random.int(0, 5),
    partBytes: random.chance(0.1) ? random.int(300, 1500) : random.int(0, 60),
    delayMs: kind === 'late' ? random.int(0, 200) : random.int(0, 10),
    ending: random.weighted({
      complete: 50,
      result: 30,
      drop: 5,
      error: 5,
      failure: 4,
      fail: 4,
      supersede: 3,
      expire: 3,
    }),
    usesTool: random.chance(0.1),
    isText: random.chance(0.3),
    tellsProgress: random.chance(0.2),
    retryAfterMs: random.int(1, 1000),
  };
}

/** The bytes of a submit: its own, so that those of another are not taken for them. */
export function submitBody(index: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (index * 31 + at * 7) & 0xff);
}

/** The bytes of a part of an answer. */
export function partBody(index: number, part: number, length: number): Uint8Array {
  const body = Uint8Array.from({ length: length + 4 }, (_, at) => (index * 17 + part * 101 + at) & 0xff);
  new DataView(body.buffer).setUint16(0, index, true);
  new DataView(body.buffer).setUint16(2, part, true);
  return body;
}

/** The same as text, of the same number of bytes but for what says whose it is. */
function partText(index: number, part: number, length: number): string {
  return `${index}.${part} `.padEnd(length + 4, 'x');
}

/** What a result of an answer uses of a budget. */
export function useOf({ isText }: AnswerPlan, body: Uint8Array): Use {
  if (!isText) return { tokens: 0, bytes: body.length };
  return { tokens: 1, bytes: encodeTokens([new TextDecoder().decode(body)]).body.length };
}

/** The status of the failures here. */
export const FAILURE_STATUS = 503;

/** What a handler tells while it works. */
export interface AnswerLog {
  started(): void;
  stopped(): void;
  part(body: Uint8Array): void;
  progress(text: string): void;
  /** The answer is about to end with this body, or with none. */
  offering(body: Uint8Array | undefined): void;
}

/** The parts and the end of an answer, one call each; the same for every way to give it. */
class Script {
  private next = 0;

  constructor(
    private readonly submit: Submit,
    private readonly index: number,
    private readonly plan: AnswerPlan,
    private readonly log: AnswerLog,
  ) {}

  /** The next answer; undefined where the handler is to complete. What it throws is the handler's error. */
  step(): Answer | undefined {
    const { plan, submit, log } = this;
    const part = this.next++;
    if (part < plan.parts) {
      if (part === 1 && plan.usesTool) submit.waitForTool();
      if (plan.tellsProgress) {
        const text = `${this.index}.${part}`;
        log.progress(text);
        submit.progress({ percent: (100 * part) / plan.parts, text });
      }
      return this.part(part);
    }
    if (part > plan.parts) return undefined;
    switch (plan.ending) {
      case 'complete':
        log.offering(EMPTY);
        return undefined;
      case 'result': {
        const body = partBody(this.index, part, plan.partBytes);
        log.offering(body);
        return submit.complete(body);
      }
      case 'drop':
        return submit.drop();
      case 'error':
        throw new Error('the model failed');
      case 'failure':
        throw failure(FAILURE_STATUS, 'the model is busy', { retryAfterMs: plan.retryAfterMs });
      case 'fail':
        submit.fail();
        return undefined;
      case 'supersede':
        submit.supersede();
        return undefined;
      case 'expire':
        submit.expire();
        return undefined;
    }
  }

  private part(part: number): Answer {
    const { index, plan, log } = this;
    if (!plan.isText) {
      const body = partBody(index, part, plan.partBytes);
      log.part(body);
      return body;
    }
    const text = partText(index, part, plan.partBytes);
    log.part(utf8.encode(text));
    return text;
  }
}

const utf8 = new TextEncoder();

export interface AnswerContext {
  readonly submit: Submit;
  readonly index: number;
  readonly plan: AnswerPlan;
  readonly scheduler: SchedulerLike;
  readonly log: AnswerLog;
}

/** An answer as an Observable. */
export function streamed({ submit, index, plan, scheduler, log }: AnswerContext): Observable<Answer> {
  return new Observable((subscriber) => {
    log.started();
    const script = new Script(submit, index, plan, log);
    let timer: Subscription | undefined;
    const step = (): void => {
      if (subscriber.closed) return;
      try {
        const answer = script.step();
        if (answer === undefined) {
          subscriber.complete();
          return;
        }
        subscriber.next(answer);
      } catch (error) {
        subscriber.error(error);
        return;
      }
      if (plan.kind === 'at-once') step();
      else timer = scheduler.schedule(step, plan.delayMs);
    };
    if (plan.kind === 'at-once') step();
    else if (plan.kind !== 'hang') timer = scheduler.schedule(step, plan.delayMs);
    return () => {
      timer?.unsubscribe();
      log.stopped();
    };
  });
}

/** An answer as an async iterable that stops at once when it is told to. */
export function pulled({ submit, index, plan, scheduler, log }: AnswerContext): AsyncIterable<Answer> {
  return {
    [Symbol.asyncIterator]: () => {
      log.started();
      const script = new Script(submit, index, plan, log);
      let timer: Subscription | undefined;
      let isOver = false;
      const stop = (): IteratorReturnResult<undefined> => {
        timer?.unsubscribe();
        if (!isOver) log.stopped();
        isOver = true;
        return { done: true, value: undefined };
      };
      return {
        next: () =>
          new Promise((resolve, reject) => {
            timer = scheduler.schedule(() => {
              try {
                const answer = script.step();
                resolve(answer === undefined ? stop() : { done: false, value: answer });
              } catch (error) {
                stop();
                reject(error instanceof Error ? error : new Error(String(error)));
              }
            }, plan.delayMs);
          }),
        return: () => Promise.resolve(stop()),
      };
    },
  };
}

/** What a handler that is parked for ever gives: a promise, or an iterable that is asked in vain. */
export function parked({ plan }: AnswerContext): Promise<Answer> | AsyncIterable<Answer> {
  const never = <T>(): Promise<T> => new Promise<T>(neverSettles);
  if (plan.parts % 2 === 0) return never();
  return { [Symbol.asyncIterator]: () => ({ next: never, return: never }) };
}

function neverSettles(): void {
  // Nobody resolves it.
}
