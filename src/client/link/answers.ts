import { Subject, type Observable, type SchedulerLike, type Subscription, type Unsubscribable } from 'rxjs';
import { RuntimeError } from '../../protocol/runtime-error';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { PeerName } from '../../transport/transport';
import type { Packet } from '../../wire/packet';
import type { LinkOutlet } from './link-outlet';
import type { LinkReading } from './link-reading';

/** Answers that may wait until the server reads; from then on nothing is read from it. */
export const MAX_UNREAD = 1024;
/** Answers that ever wait, where the server goes on being read: by a transport that cannot be paused. */
const MOST_UNREAD = 16 * MAX_UNREAD;
/** Milliseconds between two looks at whether it has read some. */
const LOOK_MS = 20;
/** Milliseconds that it may read nothing, while it asks and asks. */
const UNREAD_MS = 30_000;

/**
 * What a server gets for the asking, and nobody here has decided: PONG, CACHE_MISS and the like. What waits of it is
 * bounded: a server that asks and does not read is not read either, and one that goes on so is none.
 * Unsubscribe to be done with it.
 */
export class Answers implements Unsubscribable {
  /** Errors where the server asks without an end and reads no answer. */
  readonly unread$: Observable<never>;
  private readonly failed = new Subject<never>();
  /** Where, in all that was ever sent, each answer ends that may not have been read. */
  private unread: number[] = [];
  private looking: Subscription | undefined;

  constructor(
    private readonly outlet: LinkOutlet,
    private readonly reading: LinkReading,
    private readonly scheduler: SchedulerLike,
  ) {
    this.unread$ = this.failed.asObservable();
  }

  /** Throws as `LinkOutlet.send` does. */
  send(answer: Packet): void {
    const { transport } = this.outlet;
    this.outlet.send(answer);
    this.unread.push((transport.takenBytes ?? 0) + transport.queuedBytes);
    if (this.unread.length < MAX_UNREAD) return;
    if (this.looking !== undefined) {
      if (this.unread.length > MOST_UNREAD)
        this.failed.error(unreadError(transport.peer, this.unread.length));
      return;
    }
    this.forgetRead();
    if (this.unread.length < MAX_UNREAD / 2) return;
    this.reading.hold(this);
    this.look(this.scheduler.now(), transport.takenBytes);
  }

  unsubscribe(): void {
    this.looking?.unsubscribe();
  }

  /** Looks again and again until enough is read. */
  private look(since: number, takenBytes: number | undefined): void {
    const { scheduler, reading } = this;
    const { transport } = this.outlet;
    this.looking = scheduleIn(scheduler, LOOK_MS, () => {
      this.forgetRead();
      const now = scheduler.now();
      const isTaken = transport.takenBytes !== takenBytes;
      if (this.unread.length < MAX_UNREAD / 2) {
        this.looking = undefined;
        reading.release(this);
      } else if (!isTaken && now - since >= UNREAD_MS) {
        this.failed.error(unreadError(transport.peer, this.unread.length, ` for ${now - since} ms`));
      } else {
        this.look(isTaken ? now : since, transport.takenBytes);
      }
    });
  }

  private forgetRead(): void {
    const { queuedBytes, takenBytes } = this.outlet.transport;
    if (queuedBytes === 0) this.unread = [];
    else if (takenBytes !== undefined) this.unread = this.unread.filter((end) => end > takenBytes);
  }
}

function unreadError(peer: PeerName, count: number, howLong = ''): RuntimeError {
  return new RuntimeError(
    'io',
    `the server at ${peer} asks without an end and has read none of ${count} answers${howLong}, which ends the connection`,
    { reach: 'connection', origin: 'peer' },
  );
}
