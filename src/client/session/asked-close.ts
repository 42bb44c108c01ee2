import { AsyncSubject, firstValueFrom, type SchedulerLike, type Subscription } from 'rxjs';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { SessionCloseAckMetadata } from '../../wire/messages/session-close';

/** The server's last word of a session, undefined where it has said none in time. */
export type LastWord = SessionCloseAckMetadata | undefined;

/** A close of this side's, from when it is asked for until the server's last word. */
export class AskedClose {
  /** Whether the server was told. */
  isTold = false;
  readonly lastWord: Promise<LastWord>;
  private readonly word = new AsyncSubject<LastWord>();
  private readonly limit: Subscription;

  constructor(
    /** SESSION_CLOSE's. */
    readonly metadata: Uint8Array,
    scheduler: SchedulerLike,
    limitMs: number,
    /** There is no more time to wait in. */
    overdue: () => void,
  ) {
    this.lastWord = firstValueFrom(this.word, { defaultValue: undefined });
    this.limit = scheduleIn(scheduler, limitMs, overdue);
  }

  settle(word: LastWord): void {
    this.limit.unsubscribe();
    this.word.next(word);
    this.word.complete();
  }

  fail(error: Error): void {
    this.limit.unsubscribe();
    this.word.error(error);
  }
}
