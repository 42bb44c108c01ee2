import { SessionTable } from '../../protocol/session/session-table';
import { MessageType } from '../../wire/message-type';
import type { Packet } from '../../wire/packet';
import type { RelayedSession } from '../relay/relayed-session';
import type { SessionCore } from '../session/session-core';

/** A session, here or at another node of the cluster. */
export type CarriedSession = SessionCore | RelayedSession;

/** A session that a connection carries no longer. */
export interface LeavingSession {
  readonly sessionId: number;
  /** Whether its client is to come back for it over the same connection. */
  readonly comesBackHere?: boolean;
  /** How often its close may be acknowledged yet. Default 1. */
  readonly lateAcks?: number;
}

/** More than that are remembered as gone for good. */
const MAX_EXPECTED = 1024;

/** The sessions that a connection carries, and what may still come for those that have left. */
export class CarriedSessions extends SessionTable<CarriedSession> {
  /** How often the closes of those that have left may still be acknowledged. */
  private dueCloseAcks = 0;
  /** Those that their clients are to take up again over this connection; most have none. */
  private expected: Set<number> | undefined;

  /** A session leaves, for good or to be taken up again over this connection. */
  leave({ sessionId, comesBackHere, lateAcks = 1 }: LeavingSession): void {
    super.release(sessionId);
    if (comesBackHere !== true) this.dueCloseAcks += lateAcks;
    else if ((this.expected ??= new Set()).size < MAX_EXPECTED) this.expected.add(sessionId);
  }

  override add(session: CarriedSession): void {
    super.add(session);
    this.expected?.delete(session.sessionId);
  }

  /**
   * Whether they go on over a connection of another node's: where something is in flight, and the client comes back for
   * all that is. One that would not keeps its connection until it has everything.
   */
  get areHandedOver(): boolean {
    const sessions = this.all();
    return sessions.some(isBusy) && sessions.every(({ comesBack }) => comesBack);
  }

  /** Whether another one has something in flight. */
  areBusyBeside({ sessionId }: LeavingSession): boolean {
    return this.all().some((each) => each.sessionId !== sessionId && isBusy(each));
  }

  /**
   * Whether a packet of no session was sent before its client knew that the session has left, to be taken up again; or
   * acknowledges the close of one that has left, as often as that may be.
   */
  isLate({ header: { messageType, sessionId } }: Packet): boolean {
    if (this.expected?.has(sessionId) === true) return true;
    if (messageType !== MessageType.SessionCloseAck) return false;
    if (this.dueCloseAcks === 0 || !this.hasLeft(sessionId)) return false;
    this.dueCloseAcks -= 1;
    return true;
  }
}

/** Of one at another node it is thought until that says otherwise. */
function isBusy(session: CarriedSession): boolean {
  return session.isRelayed ? !session.isIdle : !session.operations.isIdle;
}
