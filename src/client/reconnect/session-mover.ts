import { first } from 'rxjs';
import { microseconds } from '../../protocol/microseconds';
import type { ConnectEndpoint } from '../../transport/endpoint';
import { onEach } from '../../transport/on-each';
import type { TransportKind } from '../../transport/transport';
import { SessionMigrateMetadata, TransportId } from '../../wire/messages/session-migrate';
import { MigrationRefusedError } from '../errors';
import { linkOver, type ClientLink } from '../link/link';
import type { ClientLinks } from '../link/links';
import type { ClientSettings } from '../options';
import type { ConnectedSession } from '../session/connected-session';
import type { Reconnection } from './reconnection';

/** Moves sessions from one transport to another (protocol section 5). */
export class SessionMover {
  constructor(
    private readonly links: ClientLinks,
    private readonly reconnection: Reconnection,
    private readonly settings: ClientSettings,
  ) {}

  /**
   * Asks, connects, resumes there, and lets the old link go. Rejects with a `MigrationRefusedError` where the
   * server says no, and with what went wrong where it cannot be reached there.
   */
  async move(session: ConnectedSession, from: ClientLink, endpoint: ConnectEndpoint): Promise<void> {
    const { links } = this;
    const ack = await session.migrate(
      SessionMigrateMetadata.of({
        oldTransportId: transportIdOf(from.transport.kind),
        newTransportId: transportIdOf(endpoint.kind),
        lastResultFrameId: BigInt(session.lastResultFrameId),
        clientMigrateTsUs: microseconds(this.settings.wallClock.now()),
      }),
    );
    if (ack.acceptCode !== 0) throw new MigrationRefusedError(session.sessionId, ack.acceptCode);
    const link = await links.connect(endpoint, { revision: session.revision });
    if (!from.carries(session) || !session.isResumable) {
      await links.leaveUnused(link);
      throw linkOver(from.transport.peer);
    }
    // From here on nothing of the old link counts until the session is somewhere: what it still brings comes again there.
    const answerPings = from.withholdPongs();
    session.detach();
    this.reconnection.hold(session, from);
    const outcome = await this.reconnection.attach(session, link);
    if (outcome.kind === 'attached') {
      if (links.main === from) links.main = link;
      this.reconnection.later(ack.graceWindowMs, () => links.leaveUnused(from));
    } else {
      if (outcome.kind === 'lost' || session.reopens) await this.stay(session, from);
      else this.reconnection.expire(session, outcome.error);
    }
    onEach(session.state$.pipe(first((state) => state !== 'reconnecting')), answerPings);
    if (outcome.kind === 'attached') return;
    await links.leaveUnused(link);
    throw outcome.error;
  }

  /** A session that could not be moved goes on where it was, or waits like any other. */
  private async stay(session: ConnectedSession, link: ClientLink): Promise<void> {
    const outcome = await this.reconnection.attach(session, link);
    if (outcome.kind === 'attached') return;
    if (outcome.kind === 'refused' && !session.reopens) {
      this.reconnection.expire(session, outcome.error);
      return;
    }
    if (session.lose() === 'waits') this.reconnection.add(session, link);
  }
}

/**
 * How SESSION_MIGRATE names a transport. Preview3 has names for TCP and QUIC only: whatever is not TCP
 * goes by the other one.
 */
function transportIdOf(kind: TransportKind): TransportId {
  return kind === 'tcp' ? TransportId.Tcp : TransportId.Quic;
}
