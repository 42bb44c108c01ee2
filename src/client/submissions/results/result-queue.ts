import type { Observer, Unsubscribable } from 'rxjs';
import type { ResultPush } from '../../../protocol/operation/result';
import { HEADER_LENGTH } from '../../../wire/header';
import { ResultPushMetadata } from '../../../wire/messages/result-push';
import type { AnswerQueue, Backlog, Stop } from './backlog';
import type { Submission } from '../submission';

/** Who pulls the results of a submit, and may wait for them: then all that waits was taken. */
export interface ResultReader {
  hear(result: ResultPush): 'heard' | 'unheard';
  /** Tells the first who waits, and nobody else. */
  fail(error: Error): 'heard' | 'unheard';
  /** Nobody need wait any more. */
  complete(): void;
}

/** How a submit has ended. */
type Ending = { readonly error: Error } | 'complete';

/** Bytes that a result counts besides its body. */
const HEAD_BYTES = HEADER_LENGTH + ResultPushMetadata.length;
/** So many results that were taken are kept in the array before it is moved up. */
const MOVE_UP_AT = 1024;

/** The results of one submit that wait for who pulls them. */
export class ResultQueue implements Observer<ResultPush>, AnswerQueue {
  submission: Submission | undefined;
  waitingBytes = 0;
  stop: Stop | undefined;
  wasHeld = false;
  /** Undefined before anybody pulls. */
  reader: ResultReader | undefined;
  private results: (ResultPush | undefined)[] = [];
  private head = 0;
  /** From here on bodies are views of one read, and not yet on their own. */
  private looseFrom = 0;
  private looseBuffer: ArrayBufferLike | undefined;
  private end: Ending | undefined;
  private done: Unsubscribable | undefined;

  constructor(private readonly backlog: Backlog) {}

  next(result: ResultPush): void {
    if (this.reader?.hear(result) !== 'heard') this.keep(result);
  }

  error(error: Error): void {
    if (this.end !== undefined) return;
    this.end = this.reader?.fail(error) === 'heard' ? 'complete' : { error };
    this.finish();
  }

  complete(): void {
    this.end ??= 'complete';
    this.finish();
  }

  fail(error: Error): void {
    const isHeard = this.reader?.fail(error) === 'heard';
    this.clear();
    if (!isHeard) this.end = { error };
  }

  /** To be unsubscribed from once there is nothing more to take; at once where there is not. */
  onDone(done: Unsubscribable): void {
    if (this.end === undefined || this.waitingBytes > 0) this.done = done;
    else done.unsubscribe();
  }

  /** Lets go of what waits, and of who waits. */
  clear(): void {
    this.results = [];
    this.head = 0;
    this.looseFrom = 0;
    this.looseBuffer = undefined;
    this.forget();
    this.complete();
  }

  /** The next result that waits. */
  take(): ResultPush | undefined {
    const result = this.results[this.head];
    if (result === undefined) return undefined;
    this.moveOn();
    this.backlog.took(this, HEAD_BYTES + result.body.length);
    if (this.end !== undefined && this.waitingBytes === 0) this.forget();
    return result;
  }

  /** How the submit has ended; an error is told once. */
  takeEnd(): Ending | undefined {
    const { end } = this;
    if (end !== undefined) this.end = 'complete';
    return end;
  }

  private finish(): void {
    this.reader?.complete();
    if (this.waitingBytes === 0) this.forget();
  }

  /** Nothing waits any more, and nothing comes. */
  private forget(): void {
    this.backlog.remove(this);
    this.done?.unsubscribe();
  }

  private keep(result: ResultPush): void {
    const { buffer, length } = result.body;
    if (buffer !== this.looseBuffer) {
      this.tighten();
      this.looseBuffer = buffer;
    }
    this.results.push(result);
    this.backlog.added(this, HEAD_BYTES + length);
  }

  private moveOn(): void {
    const { results } = this;
    results[this.head] = undefined;
    this.head += 1;
    if (this.head === results.length) {
      results.length = 0;
      this.head = 0;
      this.looseFrom = 0;
    } else if (this.head >= MOVE_UP_AT && 2 * this.head >= results.length) {
      results.splice(0, this.head);
      this.looseFrom = Math.max(0, this.looseFrom - this.head);
      this.head = 0;
    }
  }

  /**
   * What waits from one read to the next is not to keep all alive that came with it. Not sooner: most results
   * wait only until the read that brought them has been handed on.
   */
  private tighten(): void {
    const { results } = this;
    for (let at = Math.max(this.looseFrom, this.head); at < results.length; at++) {
      const result = results[at];
      if (result === undefined) continue;
      const { body } = result;
      if (body.buffer.byteLength <= HEAD_BYTES + 2 * body.length) continue;
      results[at] = { ...result, body: new Uint8Array(body) };
    }
    this.looseFrom = results.length;
  }
}
