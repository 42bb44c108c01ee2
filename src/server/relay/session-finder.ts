import {
  catchError,
  defer,
  from,
  map,
  of,
  Subscription,
  switchMap,
  throwError,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { ClusterAccess } from '../../cluster/cluster';
import type { Directory, NodeName, SessionPlace } from '../../cluster/directory';
import { NodeLink, type LinkOptions, type LinkOwner } from '../../cluster/link/node-link';
import { describeError } from '../../protocol/runtime-error';
import { isTlsFault } from '../../transport/network-errors';
import { inTime } from '../../transport/time/in-time';
import { MessageType } from '../../wire/message-type';
import { SessionOpenMetadata } from '../../wire/messages/session-open';
import { packet, type Packet } from '../../wire/packet';
import { RelayLink, type RemoteAnswer } from './relay-link';
import { RelayedSession, type RelayingConnection } from './relayed-session';
import { UnreachedNodes } from './unreached-nodes';

export type LostPlace = Extract<SessionPlace, { readonly kind: 'lost' }>;

/** What became of the search for a session that is not here. */
export type Found =
  | { readonly kind: 'nowhere' }
  /** Its node is gone, and it can be taken over. */
  | LostPlace
  /** Who has it cannot say so now. */
  | { readonly kind: 'later' }
  | { readonly kind: 'refused'; readonly answer: RemoteAnswer }
  | {
      readonly kind: 'relayed';
      readonly answer: RemoteAnswer;
      readonly session: RelayedSession;
      /** The client has the answer. */
      readonly begin: () => void;
    };

/** Milliseconds that a node has to take a link: of one whose machine is gone nobody says that it never will. */
const CONNECT_MS = 2000;

const LATER: Found = { kind: 'later' };

/** Finds sessions at other nodes, and carries their clients there: one link to each node, made when it is needed. */
export class SessionFinder {
  private readonly links = new Map<NodeName, Promise<RelayLink>>();
  private readonly open = new Set<NodeLink>();
  private readonly connecting = new Subscription();
  private readonly unreached: UnreachedNodes;

  constructor(
    private readonly directory: Pick<Directory, 'find'>,
    private readonly access: Pick<ClusterAccess, 'endpoint'>,
    private readonly options: LinkOptions,
    private readonly timeoutMs: number,
    failed: (error: unknown) => void,
  ) {
    this.unreached = new UnreachedNodes(options.scheduler, failed);
  }

  /** Looks for the session that a SESSION_OPEN names, and asks its owner; one answer, in time. */
  find(open: SessionOpenMetadata, body: Uint8Array, connection: RelayingConnection): Observable<Found> {
    const { requestedSessionId: sessionId } = open;
    const asked = packet({ messageType: MessageType.SessionOpen }, SessionOpenMetadata.encode(open), body);
    return defer(() => from(this.directory.find(sessionId))).pipe(
      switchMap((place) => this.ask(place, sessionId, asked, connection)),
      inTime(this.scheduler, this.timeoutMs, () => of(LATER)),
      // The store or the node does not answer: both may, soon.
      catchError(() => of(LATER)),
    );
  }

  /** Whether a session that this node has, by the directory, and knows nothing of can be taken over. */
  findLost(sessionId: number): Observable<LostPlace | undefined> {
    return defer(() => from(this.directory.find(sessionId))).pipe(
      map((place) => (place.kind === 'lost' ? place : undefined)),
    );
  }

  close(): void {
    this.connecting.unsubscribe();
    for (const link of this.open) link.destroy();
  }

  private get scheduler(): SchedulerLike {
    return this.options.scheduler;
  }

  private ask(
    place: SessionPlace,
    sessionId: number,
    asked: Packet,
    connection: RelayingConnection,
  ): Observable<Found> {
    if (place.kind === 'lost') return of(place);
    if (place.kind !== 'node') return of({ kind: 'nowhere' });
    return from(this.linkTo(place.node, place.address)).pipe(
      switchMap((relay) =>
        relay.open(connection.client, asked).pipe(
          map((answer): Found => {
            if (answer === undefined) return LATER;
            if (!answer.isResumed) return { kind: 'refused', answer };
            const { link } = relay;
            const left = (gone: RelayedSession): void => relay.left(gone);
            const session = new RelayedSession(sessionId, connection, link, this.scheduler, left);
            return { kind: 'relayed', answer, session, begin: () => relay.begin(session, answer) };
          }),
        ),
      ),
    );
  }

  /** One that is lost is made again when it is next needed. */
  private linkTo(node: NodeName, address: string): Promise<RelayLink> {
    const known = this.links.get(node);
    if (known !== undefined) return known;
    const forget = (): void => {
      this.links.delete(node);
    };
    const triedAt = this.scheduler.now();
    const made = this.connect(node, address, forget);
    this.links.set(node, made);
    made.catch((error: unknown) => {
      forget();
      if (this.connecting.closed) return;
      const told = notReached(node, address, error);
      // Whoever shows another certificate is there.
      if (isTlsFault(error)) this.unreached.atFault(node, told);
      else this.unreached.missed(node, triedAt, told);
    });
    return made;
  }

  private connect(node: NodeName, address: string, forget: () => void): Promise<RelayLink> {
    return new Promise((resolve, reject) => {
      const { access, options } = this;
      const connecting = access.endpoint
        .connect(address)
        .connect()
        .pipe(
          inTime(this.scheduler, CONNECT_MS, () => throwError(() => new Error(`${address} does not answer`))),
        )
        .subscribe({
          next: (transport) => {
            const owner: LinkOwner = {
              opened: (link) => {
                this.unreached.reached(node);
                const relay = new RelayLink(link, forget);
                resolve(relay);
                return relay;
              },
              failed: (error) => {
                this.unreached.atFault(node, error);
              },
              over: (link, cause) => {
                this.open.delete(link);
                reject(endedEarly(address, cause));
              },
            };
            const link = new NodeLink(transport, 'asking', options, owner, node);
            this.open.add(link);
            link.start();
          },
          error: reject,
        });
      this.connecting.add(connecting);
    });
  }
}

/** Before it was a link. */
function endedEarly(address: string, cause: unknown): Error {
  const why = cause === undefined ? '' : ` (${describeError(cause)})`;
  const message = `${address} ended the connection before it was a link${why}: its failures$ may say why, as where it does not trust this one's certificate`;
  return new Error(message, { cause });
}

function notReached(node: NodeName, address: string, cause: unknown): Error {
  const message = `node ${node} lives, and is not reached: ${describeError(cause)}. It tells the others that it is at ${address}: see to its \`address\`, and that nodes may connect to each other`;
  return new Error(message, { cause });
}
