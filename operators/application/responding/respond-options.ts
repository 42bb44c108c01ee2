import type { Observable } from 'rxjs';
import type { Result } from '../../../src/protocol/operation/result';
import type { Interceptor } from './interceptor';

/** How answers are made. */
export interface RespondOptions<S> {
  /**
   * Told of what a handler throws or errors with and is no `failure`, also while it is torn down. What it throws itself is
   * discarded. Default: nobody is told but the peer, that there was a failure; RxJS's own way, to throw where
   * nothing catches, would end a server's process.
   */
  readonly onError?: (error: unknown, submit: S) => void;
  /**
   * Told of each submit that is being answered when the results are unsubscribed from: nothing can be
   * sent for it any more. Must not throw. Default: nobody is told.
   */
  readonly onAbandoned?: (submit: S) => void;
  /**
   * Told of work that goes on though its answer was stopped: a promise that has not settled, an iterator that is
   * being closed, which a generator that awaits something is only when it wakes. Must not throw. Default:
   * nobody is told.
   */
  readonly onUnsettled?: (work: PromiseLike<unknown>, submit: S) => void;
  /**
   * While its latest value is true, handlers that are iterables or async iterables are not asked for their next
   * answer; `session.pressure$` is meant, or, for each submit its own, `(submit) => submit.pressure$`. Of a
   * synchronous iterable the first 64 KiB are taken all the same. Observables cannot wait, and are not held
   * back. Never errors. Default: never.
   */
  readonly pressure$?: Observable<boolean> | ((submit: S) => Observable<boolean>);
  /**
   * What is done around each operation, the first outermost. They see results, the failure of a handler among them;
   * the last is sent when the outermost stream completes. Default none.
   */
  readonly interceptors?: readonly Interceptor<S, Result>[];
  /** Makes of the last result of a submit what is sent for it. Must not throw. Default: the result itself. */
  readonly finish?: (last: Result, submit: S) => Result;
}
