import { Subject, type Observable, type SchedulerLike, type Subscription } from 'rxjs';
import { pongPacket } from '../../protocol/ping';
import { RuntimeError } from '../../protocol/runtime-error';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { PeerName } from '../../transport/transport';
import type { CommonHeader } from '../../wire/header';
import type { Packet } from '../../wire/packet';
import type { LinkOutlet } from './link-outlet';
import type { LinkReading } from './link-reading';

/** PONGs that may wait until the server reads; from then on nothing is read from it. */
const MAX_UNREAD = 1024;
/** PONGs that ever wait, where the server goes on being read: by a transport that cannot be paused. */
const MOST_UNREAD = 16 * MAX_UNREAD;
/** Milliseconds between two looks at whether it has read some. */
const LOOK_MS = 20;
/** Milliseconds that it may read nothing, while it asks and asks. */
const UNREAD_MS = 30_000;

/** The name of a PING: its number, and its session or 0. */
export type Asked = Pick<CommonHeader, 'frameId' | 'sessionId'>;

/**
 * The answers to a server's PINGs. What waits of them is bounded: a server that asks and does not read is not
 * read either, and one that goes on so is none.
 */
export class Pongs {
  /** Errors where the server asks without an end and reads no answer. */
  readonly unread$: Observable<never>;
  private readonly failed = new Subject<never>();
  /** How many sessions are on their way to another link. */
  private departing = 0;
  /** Answers to PINGs that came meanwhile. */
  private withheld: Packet[] = [];
  /** Where, in all that was ever sent, each PONG ends that may not have been read. */
  private unread: number[] = [];
  private looking: Subscription | undefined;

  constructor(
    private readonly outlet: LinkOutlet,
    private readonly reading: LinkReading,
    private readonly scheduler: SchedulerLike,
  ) {
    this.unread$ = this.failed.asObservable();
  }

  /** Answers a PING, of the connection or of one of its sessions. */
  answer({ frameId, sessionId }: Asked): void {
    const pong = pongPacket(frameId, sessionId);
    if (this.departing === 0) this.send(pong);
    // A PONG proves what those before it prove, so that of a flood the last are enough.
    else if (this.withheld.push(pong) > MAX_UNREAD) this.withheld.shift();
  }

  /** Answers nothing until it is called again, as returned. */
  withhold(): () => void {
    this.departing += 1;
    return () => {
      this.departing -= 1;
      if (this.departing === 0) for (const pong of this.withheld.splice(0)) this.send(pong);
    };
  }

  /** The link is over. */
  end(): void {
    this.looking?.unsubscribe();
  }

  private send(pong: Packet): void {
    const { transport } = this.outlet;
    this.outlet.send(pong);
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
    `the server at ${peer} sends PING without an end and has read none of ${count} answers${howLong}, which ends the connection`,
    { reach: 'connection', origin: 'peer' },
  );
}
