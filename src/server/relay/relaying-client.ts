import type { RevisionGuess } from '../../protocol/revision/revision-guess';
import type { Transport } from '../../transport/transport';
import type { Packet } from '../../wire/packet';
import type { ConnectionGuard } from '../limits/connection-guard';
import type { PauseReason } from '../limits/reading-pause';
import type { ConnectionRateName } from '../limits/server-limits';
import type { RelayedToll, RemoteClient } from './records';
import type { RelayingConnection } from './relayed-session';

/** What a connection is held to of what its packets cost at another node. */
const LIMIT_OF_TOLL: Readonly<Record<RelayedToll, ConnectionRateName>> = {
  refused: 'refusals',
  'cancelled-early': 'cancels',
  violation: 'violations',
};

/** What a client's connection lends to the sessions of other nodes that it carries. */
interface LendingConnection {
  readonly transport: Transport;
  answer(packet: Packet): void;
  requestProof(): void;
  released(session: { readonly sessionId: number }): void;
  destroy(): void;
  giveUp(session: { readonly sessionId: number }): void;
  /** Counts what a rate is for; false where it is once too often. */
  count(limit: ConnectionRateName, sessionId: number): boolean;
}

/** A client's connection, as sessions of other nodes have it. */
export class RelayingClient implements RelayingConnection {
  readonly transport: Transport;

  constructor(
    private readonly connection: LendingConnection,
    private readonly guess: RevisionGuess,
    private readonly guard: ConnectionGuard,
  ) {
    this.transport = connection.transport;
  }

  get client(): RemoteClient {
    const { peer, kind, identity, largestPacket } = this.transport;
    const { name: revision, possible: revisions, isReference } = this.guess;
    return { peer, kind, identity, largestPacket, revision, revisions, isReference };
  }

  answer(packet: Packet): void {
    this.connection.answer(packet);
  }

  requestProof(): void {
    this.connection.requestProof();
  }

  pay(kind: RelayedToll, count: number, sessionId: number): void {
    for (let left = count; left > 0 && this.connection.count(LIMIT_OF_TOLL[kind], sessionId); left--);
  }

  hold(reason: PauseReason): void {
    this.guard.hold(reason);
  }

  release(reason: PauseReason): void {
    this.guard.release(reason);
  }

  released(session: { readonly sessionId: number }): void {
    this.connection.released(session);
  }

  destroy(): void {
    this.connection.destroy();
  }

  giveUp(session: { readonly sessionId: number }): void {
    this.connection.giveUp(session);
  }
}
