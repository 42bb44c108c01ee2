import { concat, interval, map, NEVER, of, Observable, take, timer } from 'rxjs';
import type { Result, Submit } from '../../../src';

type Handler = (submit: Submit) => Result | Observable<Uint8Array>;

/** What the servers under attack answer with. */
export const HANDLERS = {
  /** The body, at once. */
  echo: (submit) => submit.complete(submit.body),
  /** The body, after 50 ms. */
  soon: (submit) => timer(50).pipe(map(() => submit.body)),
  /** The body in three parts, the last of them 4 ms after the first. */
  parts: (submit) =>
    interval(2).pipe(
      take(3),
      map(() => submit.body),
    ),
  /** Nothing, ever. */
  never: () => NEVER,
  /** Nothing, for a second in which it works on whether or not anybody wants it. */
  deaf: () =>
    new Observable((subscriber) => {
      setTimeout(() => {
        subscriber.complete();
      }, 1000);
    }),
  /** One part, and nothing more. */
  started: (submit) => concat(of(submit.body), NEVER),
} satisfies Record<string, Handler>;

export type HandlerName = keyof typeof HANDLERS;
