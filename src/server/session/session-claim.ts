import type { SchedulerLike, Subscription, TimestampProvider } from 'rxjs';
import { scheduleAt } from '../../transport/time/schedule-in';
import type { PeerIdentity } from '../../transport/peer-identity';
import type { PeerName } from '../../transport/transport';
import { addressOf } from '../opening/peer-address';
import type { Acceptance } from '../opening/policy';
import type { SessionTokens } from '../opening/resume-token';

/** The clocks that a claim goes by. */
export interface ClaimClocks {
  readonly wallClock: TimestampProvider;
  readonly scheduler: SchedulerLike;
}

/** What a client has shown, and what the policy has said to it. */
export interface ClientClaim extends Acceptance {
  readonly auth: Uint8Array;
  /** By its certificate. */
  readonly identity: PeerIdentity | undefined;
}

/** The owner of a session: its client's token to come back with, what the policy has said of it, and until when. */
export class SessionClaim {
  private timer: Subscription | undefined;
  private expired: (() => void) | undefined;
  constructor(
    /** Hashes; undefined where the session does not wait for its client. */
    private pair: SessionTokens | undefined,
    /** The policy's word, the last time that it was asked. */
    private acceptance: ClientClaim,
    private readonly clocks: ClaimClocks,
    /** Whether the token before the current one is a ticket's, with which others than the client may come again. */
    private isTicketUsed = false,
  ) {}

  get tokens(): SessionTokens | undefined {
    return this.pair;
  }

  /**
   * Whether somebody has come with a ticket since the client did with a token: whoever comes with the token before the
   * current one, and no ticket, is the client that it was taken from.
   */
  get isTakenOver(): boolean {
    return this.isTicketUsed;
  }

  /** Undefined where the session is whoever's has the token. */
  get owner(): string | undefined {
    return this.acceptance.owner;
  }

  /** Shares room with others of its name: the owner, or the address that its client comes from. */
  partyAt(peer: PeerName): string {
    return this.owner === undefined ? `address ${addressOf(peer)}` : `owner ${this.owner}`;
  }

  get context(): unknown {
    return this.acceptance.context;
  }

  /** What the client has shown last. */
  get shown(): Pick<ClientClaim, 'auth' | 'identity'> {
    return this.acceptance;
  }

  /** Calls back when what the policy has accepted runs out. */
  watch(expired: () => void): void {
    this.expired = expired;
    this.wait();
  }

  /** The client has come back, or another with a ticket, and is given another token. */
  renew(tokens: SessionTokens, acceptance: ClientClaim, by: 'client' | 'ticket' = 'client'): void {
    this.pair = tokens;
    this.isTicketUsed = by === 'ticket';
    // Whose the session is does not change.
    this.acceptance = { ...acceptance, owner: this.owner };
    this.wait();
  }

  /**
   * The client has the current token: the one before it is of no more use, unless it is a ticket's. Returns whether
   * there was one.
   */
  confirm(): boolean {
    if (this.isTicketUsed || this.pair?.previous === undefined) return false;
    this.pair = { ...this.pair, previous: undefined };
    return true;
  }

  /** The session is over. */
  end(): void {
    this.expired = undefined;
    this.timer?.unsubscribe();
  }

  private wait(): void {
    this.timer?.unsubscribe();
    const { expired, acceptance, clocks } = this;
    if (expired === undefined) return;
    const { expiresAt = Infinity } = acceptance;
    this.timer = scheduleAt(clocks.scheduler, clocks.wallClock, expiresAt, expired);
  }
}
