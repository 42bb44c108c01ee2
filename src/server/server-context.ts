import type { SchedulerLike, Subscription } from 'rxjs';
import type { ReservedIds } from '../cluster/reserved-ids';
import type { ServerCapabilities } from '../protocol/capability/capability';
import type { LogWriter } from './log/log-writer';
import type { HeldTotals } from './limits/held-totals';
import type { QueuedTotals } from './limits/queued-totals';
import type { RetainedTotals } from './limits/retained-totals';
import type { DetachedTotals } from './opening/detached-totals';
import type { RegisteredSession, SessionRegistry } from './opening/session-registry';
import type { ServerSettings } from './options';
import type { SessionFinder } from './relay/session-finder';
import type { ServerReports } from './reports';
import type { RetainedAnswer } from './session/results/retained-answers';
import type { HeldResults } from './session/submits/admission/held-results';

/** What the opening of sessions asks of the cluster. */
export interface ClusterPart {
  readonly finder: SessionFinder;
  readonly ids: ReservedIds;
  /** Whether the store answers. */
  readonly isUp: boolean;
  /** Undefined where sessions do not outlive their node. */
  readonly log: LogWriter | undefined;
  /** Keeps the range of a session that was another node's. */
  keepRange(sessionId: number): void;
}

/** Shared by all connections and sessions of a server. */
export interface ServerContext {
  readonly settings: ServerSettings;
  readonly scheduler: SchedulerLike;
  /** The answer to a hello. */
  readonly capabilities: ServerCapabilities;
  readonly reports: ServerReports;
  readonly registry: SessionRegistry<RegisteredSession>;
  /** Results that wait for clients that are away, over all sessions. */
  readonly detached: DetachedTotals;
  /** Bytes of submits that wait, over all sessions. */
  readonly queued: QueuedTotals;
  /** Bytes of results that wait because clients hold their operations, over all sessions. */
  readonly held: HeldTotals<HeldResults>;
  /** What is kept of answers for clients with a ticket, over all sessions; undefined where nothing is. */
  readonly retained: RetainedTotals<RetainedAnswer> | undefined;
  /** This server among others; undefined where it is alone. */
  readonly node: ClusterPart | undefined;
  /** Timers of what outlives its session; they end with the server. */
  readonly lasting: Subscription;
}
