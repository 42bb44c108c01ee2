import { RuntimeError } from '../../protocol/runtime-error';
import { TAKEN_OVER } from '../../protocol/session/taken-over';
import { CloseReason, type SessionCloseMetadata } from '../../wire/messages/session-close';
import { SessionErrorCode } from '../../wire/messages/session-open';
import { reasonOf, SessionRejectedError, type OperationFailure, type SessionEnd } from '../errors';

export const ENDED_HERE: SessionEnd = {
  by: 'client',
  closeReason: undefined,
  errorCode: 0,
  text: '',
  mayOpenAgain: true,
};

export const CONNECTION_LOST: SessionEnd = { ...ENDED_HERE, by: 'connection' };

const TAKEN_BY_ANOTHER: SessionEnd = {
  by: 'taken-over',
  closeReason: undefined,
  errorCode: TAKEN_OVER,
  text: 'another client has taken it over with its ticket',
  mayOpenAgain: false,
};

/** The server has closed it. */
export function closedByServer({ closeReason, sessionErrorCode }: SessionCloseMetadata): SessionEnd {
  if (sessionErrorCode === TAKEN_OVER) return TAKEN_BY_ANOTHER;
  const isUnwanted = closeReason === CloseReason.AuthRevoked || closeReason === CloseReason.ProtocolError;
  return { by: 'server', closeReason, errorCode: sessionErrorCode, text: '', mayOpenAgain: !isUnwanted };
}

/** It was not resumed: the server has refused that, or what was tried last did not come so far. */
export function notResumed(error: unknown): SessionEnd {
  if (!(error instanceof SessionRejectedError)) {
    return { ...CONNECTION_LOST, text: error instanceof Error ? error.message : '' };
  }
  const { errorCode, text } = error;
  if (errorCode === TAKEN_OVER) return TAKEN_BY_ANOTHER;
  const mayOpenAgain = errorCode !== SessionErrorCode.AuthFailed;
  return { by: 'server', closeReason: undefined, errorCode, text: text || error.message, mayOpenAgain };
}

const WHAT_ENDED: Readonly<Partial<Record<OperationFailure, string>>> = {
  'session-closed': 'it is closed',
  'taken-over': 'another client has taken it over',
};

/** The error of requests that wait for an answer when their session is over, or is without its link. */
export function endedBefore(sessionId: number, reason: OperationFailure, end?: SessionEnd): RuntimeError {
  const what = WHAT_ENDED[reason] ?? 'its connection is lost';
  const words = [end?.by === 'server' ? 'by the server' : '', end === undefined ? '' : reasonOf(end)];
  const why = words.filter((each) => each !== '').join(', ');
  return new RuntimeError('io', `session ${sessionId} cannot answer: ${what}${why && ` (${why})`}`, {
    reach: 'session',
    origin: 'local',
  });
}
