import type { Subscription } from 'rxjs';
import { MessageType, type Server } from 'nnrp-rx';
import {
  coalesceText,
  dropLate,
  fromAsyncIterable,
  ofMessageType,
  respondToSubmits,
} from 'nnrp-rx/operators';

/** Yields the parts of an answer. */
export type Model = (prompt: Uint8Array) => AsyncIterable<string>;

/**
 * Serves every session by a pipeline of its own, where `session.respond(handler)` is not enough: what is late is
 * never begun, parts are made as fast as the client takes them, tokens of one step leave together, and cancels are written down.
 */
export function serve({ sessions$ }: Server, model: Model, log: (line: string) => void): Subscription {
  return sessions$.subscribe((session) => {
    session.pipe(ofMessageType(MessageType.FrameCancel)).subscribe(({ frameId }) => {
      log(`operation ${frameId} was cancelled`);
    });
    session.submits$
      .pipe(
        dropLate(),
        respondToSubmits(({ body, pressure$ }) => fromAsyncIterable(model(body), { pressure$ })),
        coalesceText(),
      )
      .subscribe(session.results);
  });
}
