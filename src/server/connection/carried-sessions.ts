import { SessionTable } from '../../protocol/session/session-table';
import { MessageType } from '../../wire/message-type';
import type { Packet } from '../../wire/packet';
import type { RelayedSession } from '../relay/relayed-session';
import type { SessionCore } from '../session/session-core';

/** A session, here or at another node of the cluster. */
export type CarriedSession = SessionCore | RelayedSession;

/** The sessions that a connection carries, and what may still come for those that have left. */
export class CarriedSessions extends SessionTable<CarriedSession> {
  /** Sessions that have left, each of whose close may still be acknowledged, once. */
  private dueCloseAcks = 0;

  override release(sessionId: number): void {
    super.release(sessionId);
    this.dueCloseAcks += 1;
  }

  /**
   * Whether they go on over a connection of another node's: where something is in flight, and the client comes back for
   * all that is. One that would not keeps its connection until it has everything.
   */
  get areHandedOver(): boolean {
    const sessions = this.all();
    const isBusy = sessions.some((each) => each.isRelayed || !each.operations.isIdle);
    return isBusy && sessions.every(({ comesBack }) => comesBack);
  }

  /** Whether a packet of no session acknowledges the close of one that has left; each may, once. */
  isLate({ header: { messageType, sessionId } }: Packet): boolean {
    if (messageType !== MessageType.SessionCloseAck) return false;
    if (this.dueCloseAcks === 0 || !this.hasLeft(sessionId)) return false;
    this.dueCloseAcks -= 1;
    return true;
  }
}
