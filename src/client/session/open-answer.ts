import { checkFlagsDowngradeOnly, checkRecoveryAck } from '../../protocol/session/recovery';
import { decodeSessionExtension, type SessionExtension } from '../../protocol/session/session-extension';
import { breaksRule } from '../../wire/errors';
import {
  SessionStatus,
  type SessionOpenAckMetadata,
  type SessionOpenMetadata,
} from '../../wire/messages/session-open';
import { SessionRejectedError } from '../errors';
import type { OpenAnswer } from '../link/open-queue';

/** A SESSION_OPEN_ACK that accepts, taken apart. */
export interface AcceptedOpen {
  readonly ack: SessionOpenAckMetadata;
  /** Empty where the server gives none. */
  readonly resumeToken: Uint8Array;
  readonly extension: SessionExtension | undefined;
}

/**
 * Checks an ack against its request (protocol sections 9 and 10). Throws a `SessionRejectedError` where it
 * refuses, an `NnrpError` where it does not fit.
 */
export function acceptedOpen(open: SessionOpenMetadata, { ack, body }: OpenAnswer): AcceptedOpen {
  checkRecoveryAck(open, ack);
  checkFlagsDowngradeOnly(open, ack);
  const { requestedSessionId } = open;
  const { sessionStatus, sessionId, resumeTokenBytes, sessionExtensionBytes } = ack;
  if (sessionStatus === SessionStatus.Rejected || sessionStatus === SessionStatus.RetryLater) {
    throw new SessionRejectedError(sessionStatus, ack.sessionErrorCode);
  }
  if (sessionId === 0) breaksRule('successful SESSION_OPEN_ACK requires a non-zero session_id');
  // Section 9: an accepted session's id is the one that was asked for; 0 leaves the choice to the server.
  if (requestedSessionId !== 0 && sessionId !== requestedSessionId) {
    breaksRule(
      `SESSION_OPEN_ACK must be for the session that was asked for: that is ${requestedSessionId}, not ${sessionId}`,
    );
  }
  // The 3.2 runtime announces token bytes and sends none.
  const hasBlocks = body.length === resumeTokenBytes + sessionExtensionBytes;
  return {
    ack,
    resumeToken: hasBlocks ? body.slice(0, resumeTokenBytes) : body.slice(0, 0),
    extension: hasBlocks ? decodeSessionExtension(body.subarray(resumeTokenBytes)) : undefined,
  };
}
