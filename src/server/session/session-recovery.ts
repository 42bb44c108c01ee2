import type { BehaviorSubject, SchedulerLike, Subscription } from 'rxjs';
import { CancelScope } from '../../protocol/operation/operation';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import type { SessionExtension } from '../../protocol/session/session-extension';
import { acceptsOperations, type SessionState } from '../../protocol/session/session-lifecycle';
import { scheduleAwake } from '../../transport/time/awake';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { LimitTripped } from '../limits/limit-tripped';
import type {
  DetachedExcess,
  DetachedOwner,
  DetachedShare,
  DetachedTotals,
} from '../opening/detached-totals';
import { addressOf } from '../opening/peer-address';
import type { Attachment, SessionOutlet } from './results/session-outlet';
import type { SessionOperations } from './submits/session-operations';

/** The session whose client may come back. */
export interface RecoveringSession {
  readonly sessionId: number;
  readonly state: SessionState;
  /** Whether the session waits for its client when the connection is lost. */
  readonly isResumable: boolean;
  readonly claim: { readonly owner: string | undefined };
  readonly granted: { readonly resumeWindowMs: number };
  readonly scheduler: SchedulerLike;
  readonly host: {
    /** What waits for clients that are away, over all sessions. */
    readonly detached: DetachedTotals;
    limitTripped(tripped: LimitTripped): void;
  };
  readonly connectivity: BehaviorSubject<SessionConnectivity>;
  /** Whether the client has said that it may ask to hold an operation. */
  understandsHolds: boolean;
  /** Whether the client takes ERROR for the end of an operation. */
  takesFailures: boolean;
  readonly outlet: SessionOutlet;
  readonly operations: SessionOperations;
  /** No connection carries the session; its results count for `share`. */
  detach(share: DetachedShare): void;
  /** Another connection carries the session; its client lacks the results after so many. */
  attach(attachment: Attachment, receivedResults: number | undefined): void;
  /** Ends the session without another word. */
  end(end: 'disconnected', connectivity: 'expired'): void;
}

/** How a session waits for its client, and goes on where it comes back (protocol section 9). */
export class SessionRecovery implements DetachedOwner {
  private expiry: Subscription | undefined;
  private isUnconfirmed = false;
  /** Of the client, to resume the session. */
  private lastAttempt = 0;

  constructor(private readonly session: RecoveringSession) {}

  /** The connection is gone: the session waits, or is over where there is no room for another that does. */
  wait(): void {
    const { session } = this;
    const share = session.host.detached.enter(session.outlet.heldBytes, this);
    if (share === undefined) {
      session.end('disconnected', 'expired');
      return;
    }
    session.detach(share);
    this.expiry?.unsubscribe();
    // A process that stood still reads first: its clients may have come back meanwhile.
    this.expiry = scheduleAwake(session.scheduler, session.granted.resumeWindowMs, () => {
      this.expire();
    });
    session.connectivity.next('reconnecting');
  }

  /**
   * Whether a client that has received so many results can take the session up without a gap. An attempt
   * that is older than one which came before it is nobody's any more: its client has made another since.
   */
  canResume(receivedResults: number | undefined, attempt = Infinity): boolean {
    const { isResumable, state, outlet } = this.session;
    if (!isResumable || !acceptsOperations(state)) return false;
    return attempt > this.lastAttempt && outlet.canResume(receivedResults);
  }

  /** Goes on over another connection, with what the client says of itself. */
  resume(attachment: Attachment, extension: SessionExtension | undefined): void {
    const { session } = this;
    this.expiry?.unsubscribe();
    this.isUnconfirmed = true;
    this.lastAttempt = extension?.resumeAttempt ?? this.lastAttempt;
    session.understandsHolds = extension?.holdsOperations === true;
    session.takesFailures = extension?.takesFailures === true;
    session.attach(attachment, extension?.receivedResults);
    if (extension?.wantedOperations !== undefined) this.cancelUnwanted(new Set(extension.wantedOperations));
    session.connectivity.next('resumed');
  }

  /** The client was heard. Whether that is the first time since a resume: then it has the token of the ack. */
  confirms(): boolean {
    const isFirst = this.isUnconfirmed;
    this.isUnconfirmed = false;
    return isFirst;
  }

  /** Ends the session, once whatever calls has returned. */
  expireSoon(): void {
    this.expiry?.unsubscribe();
    this.expiry = scheduleIn(this.session.scheduler, 0, () => {
      this.expire();
    });
  }

  get party(): string {
    const { claim, outlet } = this.session;
    return claim.owner === undefined ? `address ${addressOf(outlet.peer)}` : `owner ${claim.owner}`;
  }

  /** There is no room among the sessions of the server that wait, and this one has to go. */
  detachedTooMuch(excess: DetachedExcess): void {
    const { sessionId, outlet, host } = this.session;
    host.limitTripped({ ...excess, peer: outlet.peer, sessionId, consequence: 'session-ended' });
    // Later: it may be in the middle of a result, or of its detachment, which then ends it at once.
    this.expireSoon();
  }

  /** The session is over. */
  end(): void {
    this.expiry?.unsubscribe();
  }

  private expire(): void {
    this.session.end('disconnected', 'expired');
  }

  private cancelUnwanted(wanted: ReadonlySet<number>): void {
    const { operations } = this.session;
    for (const { operationId } of operations.all()) {
      if (!wanted.has(operationId)) operations.cancel(operationId, CancelScope.Operation, 'client');
    }
  }
}
