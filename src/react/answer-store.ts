import { noop, Subscription, tap } from 'rxjs';
import { decodeText } from '../../operators/application/decode-text';
import { onceATurn } from '../client/once-a-turn';
import type { ResumedOperation } from '../client/session/resumed-operation';
import type { ClientSession } from '../client/session/session';
import type { SubmitRequest } from '../client/submissions/submission';
import type { ResultStream } from '../client/submissions/results/result-stream';
import { describeValue } from '../protocol/describe-value';
import { decodeSummary, type AnswerSummary } from '../protocol/operation/answer-summary';
import type { ResultPush } from '../protocol/operation/result';

/**
 * An answer as it stands, with its text so far:
 *
 * - `idle`: nothing was asked
 * - `waiting`: for the first of its text
 * - `streaming`
 * - `complete`: `summary` is what the server says of it, where it does
 * - `stopped`: here, before it was complete
 * - `failed`: of `error`, mostly an `OperationError`
 */
export type AnswerState =
  | { readonly status: 'idle' | 'waiting' | 'streaming' | 'stopped'; readonly text: string }
  | { readonly status: 'complete'; readonly text: string; readonly summary: AnswerSummary }
  | { readonly status: 'failed'; readonly text: string; readonly error: unknown };

const IDLE: AnswerState = { status: 'idle', text: '' };
const WAITING: AnswerState = { status: 'waiting', text: '' };

/**
 * The answers of one component, one after the other, for `useSyncExternalStore`. It runs while somebody listens. React
 * mounts a component twice in StrictMode, in one turn: what is begun and what is left is seen to at the end of that.
 */
export class AnswerStore {
  private state = IDLE;
  private readonly listeners = new Set<() => void>();
  /** To be subscribed to at the end of the turn. */
  private next: ResultStream | undefined;
  /** Runs already, also while nobody has subscribed to it. */
  private readonly resumed: ResultStream | undefined;
  private answer: Subscription | undefined;

  constructor(
    readonly session: ClientSession,
    resumed: ResumedOperation | undefined,
  ) {
    requireSession(session);
    if (resumed === undefined) return;
    this.resumed = resumed.results;
    this.next = resumed.results;
    this.state = WAITING;
  }

  readonly snapshot = (): AnswerState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    this.settle();
    return () => {
      this.listeners.delete(listener);
      this.settle();
    };
  };

  readonly ask = (request: SubmitRequest | string): void => {
    this.stop();
    this.next = this.session.submit(typeof request === 'string' ? { body: request } : request);
    this.show(WAITING);
    this.settle();
  };

  readonly stop = (): void => {
    const { answer, next, state } = this;
    if (answer === undefined && next === undefined) return;
    this.answer = undefined;
    this.next = undefined;
    answer?.unsubscribe();
    if (next !== undefined && next === this.resumed) cancel(next);
    this.show({ status: 'stopped', text: state.text });
  };

  private readonly settle = onceATurn(() => {
    const { next } = this;
    if (this.listeners.size === 0) this.stop();
    else if (next !== undefined) {
      this.next = undefined;
      this.follow(next);
    }
  });

  private follow(results: ResultStream): void {
    let last: ResultPush | undefined;
    let text = '';
    const noteLast = tap<ResultPush>((result) => {
      last = result;
    });
    // What comes while it is being subscribed to is of this answer, too.
    const answer = (this.answer = new Subscription());
    const text$ = results.pipe(noteLast, decodeText());
    const end = (state: AnswerState): void => {
      this.answer = undefined;
      this.show(state);
    };
    answer.add(
      text$.subscribe({
        next: (more) => {
          text += more;
          this.show({ status: 'streaming', text });
        },
        error: (error: unknown) => {
          end({ status: 'failed', text, error });
        },
        complete: () => {
          end({ status: 'complete', text, summary: last === undefined ? {} : decodeSummary(last) });
        },
      }),
    );
  }

  private show(state: AnswerState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

function cancel(results: ResultStream): void {
  results.subscribe({ error: noop }).unsubscribe();
}

/** A program without types renders before its session is there, and would hear of it at its first question. */
function requireSession(session: unknown): void {
  if (typeof (session as Partial<ClientSession> | null | undefined)?.submit === 'function') return;
  const must = 'the session of useAnswer must be a ClientSession, opened before it is rendered';
  throw new TypeError(`${must}, got ${describeValue(session)}`);
}
