import type { PeerName } from '../../transport/transport';
import type { ServerLimits } from './server-limits';

/**
 * The consequence:
 *
 * - `connection-closed`: an ERROR of connection scope, where something could still be said, then the end
 * - `connection-refused`: cut before it was taken
 * - `refused`: the request was answered with a refusal, the connection goes on
 * - `queued`: it waits for its turn
 * - `reading-paused`: nothing more is read from the peer for the time being
 * - `session-ended`: a session that waited for its client waits no more
 * - `slot-freed`: an operation that has ended gives its slot to the next, though its handler goes on
 * - `operation-dropped`: the operation ends without the rest of its answer, the others go on
 */
export type LimitConsequence =
  | 'connection-closed'
  | 'connection-refused'
  | 'refused'
  | 'queued'
  | 'reading-paused'
  | 'session-ended'
  | 'slot-freed'
  | 'operation-dropped';

/** A peer has met one of the {@link ServerLimits}. */
export interface LimitTripped {
  readonly limit: keyof ServerLimits;
  readonly peer: PeerName;
  /** Undefined where it was about no session, or about several. */
  readonly sessionId: number | undefined;
  /** In the limit's unit; of a rate, its burst. */
  readonly allowed: number;
  /** The amount there was, in the same unit; of a rate, how often since it was last untouched. */
  readonly observed: number;
  readonly consequence: LimitConsequence;
}
