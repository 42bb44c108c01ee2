import type { ConnectEndpoint } from '../../transport/endpoint';
import type { ClientLink } from '../link/link';

/**
 * What a session asks of its client: it knows of no other link than its own, and the application, which holds it, may
 * want one at any time.
 */
export interface SessionOwner<Session> {
  /** The session has no link and wants one soon, to close over it. */
  hurry(session: Session): void;
  /** The server of a link shuts down and has closed the session, which is to be opened anew elsewhere. */
  dismissed(session: Session, from: ClientLink): void;
  /** The server keeps the session for whoever shows newer auth, over the link that it has. */
  showAnew(session: Session): void;
  /** Moves the session from its link to one of another transport. */
  move(session: Session, from: ClientLink, endpoint: ConnectEndpoint): Promise<void>;
  /** The session is over, and waits for no link any more. */
  ended(session: Session): void;
}
