import { Observable, Subject } from 'rxjs';
import {
  completeResult,
  dropResult,
  partialResult,
  type ResultDrop,
  type ResultFields,
  type ResultPush,
} from '../protocol/result';
import type { CommonHeader } from '../wire/header';
import type { Message } from '../wire/message';
import { MessageType } from '../wire/message-type';
import type { FrameSubmitMetadata } from '../wire/messages/frame-submit';
import type { Packet } from '../wire/packet';

/** Why an operation is not the application's any more. */
export type SubmitEnd = 'completed' | 'dropped' | 'cancelled' | 'closed' | 'disconnected';

/**
 * A FRAME_SUBMIT that the application answers: its message, makers of results for it, and when it ends.
 *
 * @example
 * session.submits$
 *   .pipe(mergeMap((submit) => infer(submit.body).pipe(map((part) => submit.partial(part)), endWith(submit.complete()))))
 *   .subscribe(session.results);
 */
export class Submit implements Message<typeof MessageType.FrameSubmit> {
  readonly messageType = MessageType.FrameSubmit;
  readonly header: CommonHeader;
  readonly body: Uint8Array;
  private end: SubmitEnd | undefined;
  private ending: Subject<SubmitEnd> | undefined;

  constructor(
    packet: Packet,
    readonly metadata: FrameSubmitMetadata,
  ) {
    this.header = packet.header;
    this.body = packet.body;
  }

  get sessionId(): number {
    return this.header.sessionId;
  }

  /** The operation's id. */
  get frameId(): number {
    return this.header.frameId;
  }

  /** Emits how the operation ended, once, and completes; at once where it has ended already. */
  get ended$(): Observable<SubmitEnd> {
    return new Observable((subscriber) => {
      if (this.end === undefined) return (this.ending ??= new Subject()).subscribe(subscriber);
      subscriber.next(this.end);
      subscriber.complete();
      return undefined;
    });
  }

  /** A part of the answer; others follow. */
  partial(body: Uint8Array, fields?: ResultFields): ResultPush {
    return partialResult(this.frameId, body, fields);
  }

  /** The end of the answer, or all of it. */
  complete(body?: Uint8Array, fields?: ResultFields): ResultPush {
    return completeResult(this.frameId, body, fields);
  }

  /** No answer. */
  drop(): ResultDrop {
    return dropResult(this.frameId);
  }

  /** Tells whoever works on the operation that it is over. The session's, not the application's. */
  finish(end: SubmitEnd): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.ending?.next(end);
    this.ending?.complete();
  }
}
