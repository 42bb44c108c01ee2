import type { SchedulerLike } from 'rxjs';
import type { SessionExtension } from '../../protocol/session/session-extension';
import { MessageType } from '../../wire/message-type';
import { packet } from '../../wire/packet';
import type { ClientLink } from '../link/link';
import { DEFAULT_MAX_BUFFERED_BYTES, type SessionOptions } from '../options';
import { Backlog, type Holding } from '../submissions/backlog';
import { OperationHolds } from '../submissions/operation-holds';
import type { Submissions } from '../submissions/submissions';

/** Of what session it is. */
export interface BackloggedSession {
  readonly sessionId: number;
  readonly scheduler: SchedulerLike;
  readonly options: Pick<SessionOptions, 'maxBufferedBytes' | 'slowConsumerMs'>;
  readonly submissions: Submissions;
  /** What the server has told of itself. */
  readonly extension: SessionExtension | undefined;
  /** The link that carries it, while one does. */
  link(): ClientLink | undefined;
}

/** The results of a session that wait for loops, and what its link does about them. */
export function sessionBacklog(session: BackloggedSession): Backlog {
  const { sessionId, scheduler, options, submissions, extension } = session;
  const holds = new OperationHolds(submissions, (metadata) => {
    session.link()?.send(packet({ messageType: MessageType.FlowUpdate, sessionId }, metadata));
  });
  const backlog: Backlog = new Backlog(
    {
      sessionId,
      scheduler,
      maxBufferedBytes: options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES,
      slowConsumerMs: options.slowConsumerMs,
      holds,
      giveUp: (wanted) => {
        submissions.giveUp(wanted);
      },
      pauseReading: () => {
        session.link()?.reading.hold(backlog);
      },
      resumeReading: () => {
        session.link()?.reading.release(backlog);
      },
    },
    holdingOf(extension),
  );
  return backlog;
}

/** How a server can be made to wait, by what it has told of itself. */
export function holdingOf(extension: SessionExtension | undefined): Holding {
  return extension?.holdsOperations === true ? 'operation' : 'transport';
}
