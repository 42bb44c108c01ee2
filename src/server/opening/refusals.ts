import { tooManySessions } from '../../protocol/session/session-limit';
import { SessionErrorCode, SessionStatus } from '../../wire/messages/session-open';
import type { ServerSettings } from '../options';
import { limitReached, type OpenRefusal } from './judge-open';

/** Nothing is wrong with what was asked for, and it may be asked for again. */
function retryLater(text: string): OpenRefusal {
  return { status: SessionStatus.RetryLater, errorCode: SessionErrorCode.None, text };
}

export const LATER = {
  shuttingDown: retryLater('it is shutting down; try again, for the server that takes its place'),
  storeDown: retryLater('the store of its cluster does not answer; try again'),
  noIds: retryLater('its cluster has given it no session ids yet; try again'),
  nodeAway: retryLater('the node that has the session does not answer; try again'),
  notAsked: retryLater('it stood still, and asks whether it has the session yet; try again'),
  tooManyWait: retryLater('too many sessions wait for its application; try again'),
  policyLate: retryLater('its policy has not answered in time; try again'),
  policyFailed: retryLater('its policy has failed; try again'),
  failed: retryLater('opening it has failed there, as its `failures$` says; try again'),
};

export const RESUME_REFUSED: OpenRefusal = {
  status: SessionStatus.Rejected,
  errorCode: SessionErrorCode.ResumeRejected,
};

export function noRoom({ limits }: ServerSettings): OpenRefusal {
  return limitReached(tooManySessions(limits.maxSessionsPerConnection));
}
