import type { DropCause } from '../../../protocol/revision/answers';
import type { LimitTripped } from '../../limits/limit-tripped';
import type { ServerContext } from '../../server-context';
import type { SessionOutlet } from '../results/session-outlet';
import type { ProgressSender } from '../results/progress-sender';
import type { SessionSender } from '../results/session-sender';
import type { SessionClaim } from '../session-claim';
import type { SessionCredit } from '../session-credit';
import type { ReceivedSubmit } from './submit';
import type { SessionStreams } from '../session-streams';

/** Is told of each operation that begins. */
interface Begins {
  begin(submit: ReceivedSubmit): void;
}

/** The parts of a session that its operations work with. */
export interface SessionParts {
  readonly server: ServerContext;
  readonly sessionId: number;
  readonly granted: { readonly maxInFlightOperations: number };
  readonly claim: SessionClaim;
  readonly streams: SessionStreams;
  readonly outlet: SessionOutlet;
  readonly sender: SessionSender;
  readonly credit: SessionCredit;
  /** Operations of the node before, where it is gone. */
  readonly lost?:
    | {
        before(frameId: number): object | undefined;
        causeOf(submit: { readonly frameId: number }, cause: DropCause): DropCause;
      }
    | undefined;
  /** What is said of all that begins, where something is. */
  readonly madeHolds?: Begins | undefined;
  readonly madeSchedule?: Begins | undefined;
  /** Where the revision of its client has such a word. */
  readonly progress?: ProgressSender | undefined;
}

/** Whether the client is told that an operation has ended, and why. */
export interface Told {
  readonly tell: boolean;
  readonly why?: DropCause;
}

/** Tells that an operation has met a limit of the server's, and what that costs it. */
export function limitTripped(
  { server, outlet, sessionId }: SessionParts,
  excess: Omit<LimitTripped, 'peer' | 'sessionId'>,
): void {
  server.reports.limits.next({ ...excess, peer: outlet.peer, sessionId });
}
