import { ObjectTable } from '../../objects/object-table';
import { SessionState } from '../../protocol/session/session-lifecycle';
import { ServerObjectsPort, type SharingSession } from './objects-port';
import { SessionCache } from './session-cache';

/** What a session holds of objects, each kind made when there is one. */
export class SessionStores {
  private madeCache: SessionCache | undefined;
  private madeObjects: ObjectTable | undefined;

  constructor(private readonly session: SharingSession) {}

  /** What the client has cached for its submits. */
  get cache(): SessionCache {
    const { sessionId, server } = this.session;
    return (this.madeCache ??= new SessionCache(sessionId, server.settings, server.scheduler));
  }

  get cacheObjectCount(): number {
    return this.madeCache?.objectCount ?? 0;
  }

  /** What both ends share. */
  get objects(): ObjectTable {
    const { session } = this;
    if (this.madeObjects === undefined) {
      this.madeObjects = new ObjectTable(new ServerObjectsPort(session), session.server.settings.objects);
      if (session.state === SessionState.Closed) this.madeObjects.ended();
    }
    return this.madeObjects;
  }

  /** The client has shown to speak a revision that has no objects. */
  unshared(): void {
    this.madeObjects?.ended();
  }

  /** The session has another connection. */
  attached(): void {
    this.madeObjects?.attached();
  }

  /** It has none. */
  detached(): void {
    this.madeObjects?.detached();
  }

  ended(): void {
    this.madeObjects?.ended();
  }
}
