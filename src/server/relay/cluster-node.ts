import { randomBytes } from 'node:crypto';
import { of, Subscription, type Observable } from 'rxjs';
import type { Cluster, ClusterAccess, ClusterStore } from '../../cluster/cluster';
import { Directory } from '../../cluster/directory';
import { LinkGate } from '../../cluster/link/link-gate';
import { linkKey } from '../../cluster/link/link-proof';
import { NodeLink, type LinkOptions } from '../../cluster/link/node-link';
import { ReservedIds } from '../../cluster/reserved-ids';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import { onEach } from '../../transport/on-each';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { Transport } from '../../transport/transport';
import { LogWriter } from '../log/log-writer';
import { freshToken } from '../opening/resume-token';
import type { SessionOpener } from '../opening/session-opener';
import type { ServerContext } from '../server-context';
import { hasKeyOf, PRINT_AGAIN_MS } from './key-print';
import { OwnerLink } from './owner-link';
import { SessionFinder } from './session-finder';

/** Milliseconds that a store has to answer after the start, until that is told. */
const STORE_PATIENCE_MS = 5000;

/** A server, as a node of its cluster: has ids of its own, is found by the others, and finds their sessions. */
export class ClusterNode {
  readonly directory: Directory;
  readonly ids: ReservedIds;
  readonly finder: SessionFinder;
  readonly log: LogWriter | undefined;
  /** Why its store does not answer, as far as that says so. */
  readonly fault$: Observable<string | undefined>;
  private fault: string | undefined;
  private readonly access: ClusterAccess;
  private readonly options: LinkOptions;
  private readonly listening = new Subscription();
  private readonly watching: Subscription;
  /** Until a call is answered: a store may take connections, and no calls. */
  private readonly patience: Subscription;
  private readonly links = new Set<NodeLink>();
  private readonly gate: LinkGate;
  private isWarned = false;
  private comparing = Subscription.EMPTY;
  private left: Promise<void> | undefined;

  constructor(
    cluster: Cluster,
    private readonly server: Pick<ServerContext, 'settings' | 'scheduler' | 'reports'>,
    tokenKey: Uint8Array,
  ) {
    const { scheduler, settings } = server;
    this.gate = new LinkGate(scheduler);
    this.access = cluster.join();
    const node = randomBytes(9).toString('base64url');
    this.options = { node, key: linkKey(tokenKey), scheduler };
    const { store, log } = this.access;
    this.log = log && new LogWriter(node, log, scheduler, settings.resumeWindowMs, this.notLogged);
    this.directory = new Directory(node, store, scheduler, this.random, log, this.log?.ttlMs);
    this.fault$ = store.fault$ ?? of(undefined);
    this.patience = scheduleIn(scheduler, STORE_PATIENCE_MS, () => {
      this.misconfigured(noStore(this.fault));
    });
    this.watching = onEach(this.directory.health$, (health) => {
      if (health !== 'up') return;
      this.log?.isBack();
      this.compareKeys(store);
    });
    this.watching.add(
      onEach(this.fault$, (fault) => {
        this.fault = fault;
      }),
    );
    this.watching.add(this.patience);
    this.ids = new ReservedIds(this.directory, scheduler, this.random, ({ message }) => {
      this.misconfigured(
        `${message}: once it has used up its own, it opens sessions that no other node finds, or none (\`storeDown\`). Ids are free again ten minutes after their node is gone: has another cluster the same \`prefix\`, or is a node started over and over?`,
      );
    });
    const timeoutMs = settings.limits.handshakeMs;
    this.finder = new SessionFinder(this.directory, this.access, this.options, timeoutMs, this.failed);
  }

  get isUp(): boolean {
    return this.directory.isUp;
  }

  /** Takes links of the other nodes, and tells them where. */
  listen(server: ServerContext, opener: SessionOpener): void {
    const { listen, address } = this.access.endpoint;
    const listener = listen.listen({
      gate: this.gate,
      exclusive: true,
      // A stranger's fault, as where clients come, however often one looks in.
      refused: (error, peer) => {
        this.server.reports.violations.next({ error, peer, header: undefined });
      },
    });
    const bound = listener.address$.subscribe({
      next: ({ url }) => {
        this.announce(address ?? url);
      },
      // The listener says so itself.
      error: () => undefined,
    });
    this.listening.add(bound);
    this.listening.add(
      listener.subscribe({
        next: (transport) => {
          this.accept(transport, server, opener);
        },
        error: this.failed,
      }),
    );
  }

  private announce(address: string): void {
    this.directory.announce(address);
    if (/^\w+:\/\/(0\.0\.0\.0|\[::\])/.test(address)) {
      this.misconfigured(
        `the other nodes of the cluster are told that this one is at ${address}, where each would look for it on its own machine: give the cluster the \`address\` that they reach it at, or its \`link\` a host`,
      );
    }
    try {
      this.access.endpoint.connect(address);
    } catch (error) {
      this.misconfigured(`the other nodes of the cluster cannot reach this one: ${describeError(error)}`);
    }
  }

  /** The others are to look elsewhere, from now on; links stay. */
  leave(): Promise<void> {
    return (this.left ??= (this.log?.end() ?? Promise.resolve()).then(() => this.directory.leave()));
  }

  keepRange(sessionId: number): void {
    this.directory.keepRange(sessionId);
  }

  close(): void {
    void this.leave();
    this.log?.close();
    this.watching.unsubscribe();
    this.comparing.unsubscribe();
    this.listening.unsubscribe();
    this.finder.close();
    for (const link of [...this.links]) link.destroy();
  }

  private accept(transport: Transport, server: ServerContext, opener: SessionOpener): void {
    const ticket = this.gate.ticketOf(transport);
    const link = new NodeLink(transport, 'answering', this.options, {
      opened: (opened) => {
        ticket.leave();
        return new OwnerLink(opened, server, opener);
      },
      failed: this.failed,
      over: () => {
        ticket.leave();
        this.links.delete(link);
      },
    });
    this.links.add(link);
    link.start();
  }

  private compareKeys(store: ClusterStore): void {
    hasKeyOf(store, this.options.key).then(
      (isSame) => {
        this.patience.unsubscribe();
        if (isSame || this.isWarned) return;
        this.isWarned = true;
        this.misconfigured(
          'another node of the cluster has another `tokenKey`: clients that come from one to the other lose their sessions. Give all of them the same',
        );
      },
      // It is compared as the store is back.
      () => undefined,
    );
    this.comparing.unsubscribe();
    this.comparing = scheduleIn(this.server.scheduler, PRINT_AGAIN_MS, () => {
      this.compareKeys(store);
    });
  }

  /** Of the server's own source of random bytes. */
  private readonly random = (bound: number): number => {
    const bytes = freshToken(this.server.settings.randomBytes, 4, this.failedRandom);
    return Math.floor((Buffer.from(bytes).readUInt32LE() / 2 ** 32) * bound);
  };

  private readonly failedRandom = (cause: unknown): void => {
    const message = `randomBytes failed for the ids of the cluster's sessions: ${describeError(cause)}`;
    const error = new RuntimeError('internal', message, { reach: 'server', origin: 'application', cause });
    this.server.reports.failures.next(error);
  };

  private misconfigured(message: string): void {
    this.server.reports.failures.next(new RuntimeError('io', message, { reach: 'server', origin: 'local' }));
  }

  private readonly notLogged = (sessionId: number, cause: unknown): void => {
    const message = `session ${sessionId} is not logged any more, and would not outlive its node: ${describeError(cause)}`;
    const error = new RuntimeError('internal', message, { reach: 'session', origin: 'local', cause });
    this.server.reports.failures.next(error);
  };

  private readonly failed = (cause: unknown): void => {
    const message = `a link between nodes of the cluster failed: ${describeError(cause)}`;
    const error = new RuntimeError('io', message, { reach: 'server', origin: 'peer', cause });
    this.server.reports.failures.next(error);
  };
}

function noStore(fault: string | undefined): string {
  const why = fault === undefined ? '' : `: ${fault.replace(/\.$/, '')}`;
  return `the store of the cluster does not answer${why}. Until it does, new sessions are this node's alone. Is it where the cluster's \`url\` says, and does it take connections from here?`;
}
