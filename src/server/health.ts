import { BehaviorSubject, takeWhile, type Observable, type SchedulerLike, type Subscription } from 'rxjs';
import { RuntimeError } from '../protocol/runtime-error';
import type { Listener } from '../transport/endpoint';
import { onEach } from '../transport/on-each';
import { scheduleIn } from '../transport/time/schedule-in';
import type { ServerReports } from './reports';

/** How a server is, for whoever sends clients to it, and starts and stops it. */
export interface ServerHealth {
  /**
   * `starting` until every listener is bound, `draining` from `close` on until it is `closed`; `failed` where a listener
   * has.
   */
  readonly phase: 'starting' | 'serving' | 'draining' | 'closed' | 'failed';
  /** Whether the store of its cluster answers; undefined where it is in none. */
  readonly store: 'up' | 'down' | undefined;
  /** Why the store is down, in its own words; undefined where it is not, or nothing is known. */
  readonly storeFault: string | undefined;
  /** Whether it has session ids left by which all nodes find its sessions; undefined where it is in no cluster. */
  readonly ids: 'some' | 'none' | undefined;
  /** Whether it opens new sessions. */
  readonly isReady: boolean;
}

/** Of Node's request and response what is used of them: a page has the types of a server, and not those. */
export type AnswerProbe = (
  request: { readonly method?: string | undefined },
  response: {
    writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
    end(text?: string): unknown;
  },
) => void;

/** A node of a cluster, as far as its server's health goes by it. */
interface HealthyNode {
  readonly ids: { readonly hasAny$: Observable<boolean> };
  readonly directory: { readonly health$: Observable<'up' | 'down'> };
  readonly fault$: Observable<string | undefined>;
}

/** What a server tells of its own state. */
export class Health {
  private readonly now = new BehaviorSubject<ServerHealth>({
    phase: 'starting',
    store: undefined,
    storeFault: undefined,
    ids: undefined,
    isReady: false,
  });
  /** The last that was heard of it. */
  private fault: string | undefined;
  /** The health now, and after each change. */
  readonly health$: Observable<ServerHealth> = this.now.pipe(
    takeWhile(({ phase }) => phase !== 'closed', true),
  );

  constructor(private readonly storeDown: 'degrade' | 'refuse') {}

  /** Nothing comes after `closed`, and nothing but that after `draining`. */
  became(phase: ServerHealth['phase']): void {
    const { phase: before } = this.now.value;
    const isOver = before === 'closed' || (before === 'draining' && phase !== 'closed');
    if (!isOver && phase !== before) this.tell({ ...this.now.value, phase });
  }

  /** Goes by its node of a cluster: whether there are session ids, and how the store is. */
  follow({ ids, directory, fault$ }: HealthyNode): Subscription {
    const following = onEach(ids.hasAny$, (hasAny) => {
      this.tell({ ...this.now.value, ids: hasAny ? 'some' : 'none' });
    });
    following.add(
      onEach(fault$, (fault) => {
        this.fault = fault;
        if (this.now.value.store === 'down') this.tell(this.now.value);
      }),
    );
    following.add(
      onEach(directory.health$, (store) => {
        if (store !== this.now.value.store) this.tell({ ...this.now.value, store });
      }),
    );
    return following;
  }

  /** Answers a probe with the health as JSON: 200 where new sessions are opened, 503 where not. */
  readonly answer: AnswerProbe = ({ method }, response) => {
    const { value } = this.now;
    const isAsked = method === 'GET' || method === 'HEAD';
    const status = isAsked ? (value.isReady ? 200 : 503) : 405;
    response.writeHead(status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(!isAsked && { allow: 'GET, HEAD' }),
    });
    response.end(method === 'GET' ? `${JSON.stringify(value)}\n` : undefined);
  };

  private tell({ phase, store, ids }: Pick<ServerHealth, 'phase' | 'store' | 'ids'>): void {
    const opens = this.storeDown === 'degrade' || (store !== 'down' && ids !== 'none');
    const storeFault = store === 'down' ? this.fault : undefined;
    this.now.next({ phase, store, storeFault, ids, isReady: phase === 'serving' && opens });
  }
}

/** Milliseconds that a listener may take to be bound before that is told: an application may load a model before. */
const BINDING_MS = 30_000;

/** Tells of a listener that is not bound for so long: nobody can connect, and nothing else would say so. */
export function tellUnbound(
  { kind, address$ }: Listener,
  { scheduler, reports }: { readonly scheduler: SchedulerLike; readonly reports: ServerReports },
): Subscription {
  const patience = scheduleIn(scheduler, BINDING_MS, () => {
    reports.failures.next(notBound(kind));
  });
  const settled = (): void => {
    patience.unsubscribe();
  };
  patience.add(address$.subscribe({ next: settled, error: settled }));
  return patience;
}

function notBound(kind: string): RuntimeError {
  const text = `a ${kind} listener does not listen after ${BINDING_MS / 1000} s; where it shares a web server, as webSocket({ server }) does, that one has to: call its listen(port). It is no harm where the application still starts`;
  return new RuntimeError('io', text, { reach: 'server', origin: 'application' });
}
