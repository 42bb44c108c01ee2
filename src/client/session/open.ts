import { openBody } from '../../protocol/session/open-blocks';
import { checkFlagsDowngradeOnly, checkRecoveryAck } from '../../protocol/session/recovery';
import {
  CLIENT_CLAIMS,
  decodeSessionExtension,
  encodeSessionExtension,
  type SessionExtension,
} from '../../protocol/session/session-extension';
import { idInUse, tooManyOperations, tooManySessions } from '../../protocol/session/session-limit';
import { RuntimeError } from '../../protocol/runtime-error';
import { breaksRule } from '../../wire/errors';
import { MessageType } from '../../wire/message-type';
import {
  SessionErrorCode,
  SessionOpenMetadata,
  SessionStatus,
  type SessionOpenAckMetadata,
} from '../../wire/messages/session-open';
import { EMPTY, packet } from '../../wire/packet';
import { SessionRejectedError } from '../errors';
import type { Speech } from '../link/speech';
import type { OpenAnswer, OpenRequest } from '../link/open-queue';
import { sessionOpen, type SessionOptions } from '../options';

/** A SESSION_OPEN_ACK that accepts, taken apart. */
export interface AcceptedOpen {
  readonly ack: SessionOpenAckMetadata;
  /** Empty where the server gives none. */
  readonly resumeToken: Uint8Array;
  readonly extension: SessionExtension | undefined;
}

/**
 * SESSION_OPEN, ready to be sent. `accept` takes an ack that fits; what it throws rejects the open. Throws an
 * `NnrpError` where a field has no such value: nothing that cannot be sent comes to stand before the opens of
 * others.
 */
export function openRequest(
  options: SessionOptions,
  { resumeToken = EMPTY, auth }: { readonly resumeToken?: Uint8Array | undefined; readonly auth: Uint8Array },
  /** Progress of the session, for a server that listens. */
  told: SessionExtension,
  { takesBlocks }: Pick<Speech, 'takesBlocks'>,
  accept: (answer: AcceptedOpen) => void,
): OpenRequest {
  const extension =
    options.announce === false || !takesBlocks
      ? EMPTY
      : encodeSessionExtension({ ...CLIENT_CLAIMS, ...comesBack(options), ...told });
  if (auth.length > 0 && !takesBlocks) throw authUntold();
  const blocks = { resumeToken, auth, extension };
  const open = sessionOpen(options, blocks);
  const metadata = SessionOpenMetadata.encode(open);
  return {
    open,
    packet: packet({ messageType: MessageType.SessionOpen }, metadata, openBody(blocks)),
    accept: (answer) => {
      accept(acceptedOpen(open, answer));
    },
  };
}

/** What a client says that takes the session up by itself, where its connection is lost or its auth has grown old. */
function comesBack({ reconnect }: SessionOptions): SessionExtension {
  return reconnect === undefined ? {} : { comesBack: true, renewsAuth: true };
}

/**
 * Checks an ack against its request (protocol sections 9 and 10). Throws a `SessionRejectedError` where it
 * refuses, an `NnrpError` where it does not fit.
 */
export function acceptedOpen(open: SessionOpenMetadata, { ack, body }: OpenAnswer): AcceptedOpen {
  checkRecoveryAck(open, ack);
  checkFlagsDowngradeOnly(open, ack);
  const { requestedSessionId } = open;
  const { sessionStatus, sessionId, resumeTokenBytes } = ack;
  if (sessionStatus === SessionStatus.Rejected || sessionStatus === SessionStatus.RetryLater) {
    const text = extensionOf(ack, body)?.refusalText ?? wordsFor(open, ack);
    throw new SessionRejectedError(sessionStatus, ack.sessionErrorCode, text);
  }
  if (sessionId === 0) breaksRule('successful SESSION_OPEN_ACK requires a non-zero session_id');
  // Section 9: an accepted session's id is the one that was asked for; 0 leaves the choice to the server.
  if (requestedSessionId !== 0 && sessionId !== requestedSessionId) {
    breaksRule(
      `SESSION_OPEN_ACK must be for the session that was asked for: that is ${requestedSessionId}, not ${sessionId}`,
    );
  }
  return {
    ack,
    resumeToken: body.slice(0, hasBlocks(ack, body) ? resumeTokenBytes : 0),
    extension: extensionOf(ack, body),
  };
}

/** Text for a refusal by a server that sends none; empty where there is nothing to say. */
function wordsFor(open: SessionOpenMetadata, ack: SessionOpenAckMetadata): string {
  if (ack.sessionErrorCode !== SessionErrorCode.SessionLimitReached) return '';
  const { requestedSessionId, maxInFlightOperations } = open;
  const allowed = ack.maxInFlightOperations;
  if (maxInFlightOperations > allowed) return tooManyOperations(open, allowed);
  const sessions = tooManySessions(undefined);
  return requestedSessionId === 0 ? sessions : `${idInUse(requestedSessionId)}; or ${sessions}`;
}

/** The 3.2 runtime announces token bytes and sends none. */
function hasBlocks(ack: SessionOpenAckMetadata, body: Uint8Array): boolean {
  return body.length === ack.resumeTokenBytes + ack.sessionExtensionBytes;
}

function extensionOf(ack: SessionOpenAckMetadata, body: Uint8Array): SessionExtension | undefined {
  return hasBlocks(ack, body) ? decodeSessionExtension(body.subarray(ack.resumeTokenBytes)) : undefined;
}

/** A server of the reference would end the connection, and could judge nothing that it is sent. */
function authUntold(): RuntimeError {
  return new RuntimeError(
    'protocol',
    'the session has `auth`, and the server is none of this project: in preview4 it takes no auth block, so it was not sent; open the session without, or connect to a server that takes one',
    { reach: 'session', origin: 'local' },
  );
}
