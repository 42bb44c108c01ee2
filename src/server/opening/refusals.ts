import { tooManySessions } from '../../protocol/session/session-limit';
import { SessionErrorCode, SessionStatus } from '../../wire/messages/session-open';
import type { ServerSettings } from '../options';
import { limitReached, type OpenRefusal } from './judge-open';

export const RETRY_LATER: OpenRefusal = {
  status: SessionStatus.RetryLater,
  errorCode: SessionErrorCode.None,
};
export const RESUME_REFUSED: OpenRefusal = {
  status: SessionStatus.Rejected,
  errorCode: SessionErrorCode.ResumeRejected,
};

export function noRoom({ limits }: ServerSettings): OpenRefusal {
  return limitReached(tooManySessions(limits.maxSessionsPerConnection));
}
