import { concat, interval, map, NEVER, Observable, of, take, timer } from 'rxjs';
import type { Result, Submit } from '../../../src';

type Handler = (submit: Submit) => Result | Observable<Uint8Array | Result> | AsyncIterable<Uint8Array>;

const OFFERED_PART = new Uint8Array(64 * 1024);
/** 1 GiB of them. */
const OFFERED_PARTS = 16 * 1024;

/** As much as there is, whether anybody takes it or not: 1 MiB each turn of the event loop. */
function push(): Observable<Uint8Array> {
  return new Observable((subscriber) => {
    let left = OFFERED_PARTS;
    const more = (): void => {
      for (let part = 0; part < 16 && left > 0; part++, left--) subscriber.next(OFFERED_PART);
      if (left === 0) subscriber.complete();
      else if (!subscriber.closed) setImmediate(more);
    };
    more();
  });
}

/** As much as is asked for. */
async function* pull(): AsyncGenerator<Uint8Array> {
  for (let left = OFFERED_PARTS; left > 0; left--) yield OFFERED_PART;
}

/** How many parts the handler `parts` answers with, besides the end. */
export const PARTS = 3;

/** Bytes of each part of the handler `long`, about: enough that a connection may be taken to have ended of it. */
const LONG_BYTES = 24 * 1024;

/** A part of what the handler `long` answers a body with. */
export function longPart(body: Uint8Array, part: number): Buffer {
  return Buffer.concat([Buffer.alloc(LONG_BYTES, body), Uint8Array.of(part)]);
}

/** What the servers under attack answer with. */
export const HANDLERS = {
  /** The body, at once. */
  echo: (submit) => submit.complete(submit.body),
  /** The body, after 50 ms. */
  soon: (submit) => timer(50).pipe(map(() => submit.complete(submit.body))),
  /** The same after half a second, so that somebody may look at it meanwhile. */
  slowly: (submit) => timer(500).pipe(map(() => submit.complete(submit.body))),
  /** Nothing but that it is done, at once, or after a second to `not wanted`, so that a cancel is in time. */
  busy: (submit) =>
    Buffer.from(submit.body.subarray(0, 10)).toString('latin1') === 'not wanted'
      ? timer(1000).pipe(map(() => submit.complete()))
      : submit.complete(),
  /** The body in parts, each with its number behind it, 2 ms apart. */
  parts: (submit) =>
    interval(2).pipe(
      take(PARTS),
      map((part) => Buffer.concat([submit.body, Uint8Array.of(part)])),
    ),
  /** As many parts, which are long, and of the body again and again. */
  long: (submit) =>
    interval(2).pipe(
      take(PARTS),
      map((part) => longPart(submit.body, part)),
    ),
  /** Nothing but that it is done. */
  ack: (submit) => submit.complete(),
  /** The body after half a second, or for every other submit nothing, and no end either when it is told to. */
  stubborn: (submit) =>
    submit.frameId % 2 === 0
      ? timer(500).pipe(map(() => submit.complete(submit.body)))
      : new Observable(() => {
          setInterval(() => undefined, 1000);
        }),
  /** Nothing, for a second in which it works on whether or not anybody wants it. */
  deaf: () =>
    new Observable((subscriber) => {
      setTimeout(() => {
        subscriber.complete();
      }, 1000);
    }),
  /** 1 GiB to whoever asks for it by name, pushed or as it is pulled; the body to others. */
  offer: (submit) => {
    const name = Buffer.from(submit.body.subarray(0, 4)).toString('latin1');
    return name === 'push' ? push() : name === 'pull' ? pull() : submit.complete(submit.body);
  },
  /** One part, and nothing more until it is unsubscribed. */
  started: (submit) => concat(of(submit.body), NEVER),
} satisfies Record<string, Handler>;

export type HandlerName = keyof typeof HANDLERS;
