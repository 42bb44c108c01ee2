import { cutText, MAX_TEXT_BYTES } from '../../protocol/cut-text';
import { EndCode } from '../../protocol/operation/end-code';
import type { CommonHeader } from '../../wire/header';
import { MessageType } from '../../wire/message-type';
import { CacheErrorCode } from '../../wire/messages/cache';
import { ErrorMetadata, ErrorScope } from '../../wire/messages/error-message';
import { SessionErrorCode } from '../../wire/messages/session-open';
import { packet, type Packet } from '../../wire/packet';

/** Preview3 assigns no code for a violation of the protocol; this runtime's ERRORs carry this one. */
export const VIOLATION_CODE = 0x20001;

/** As little for a peer that has met one of the server's limits, see `ServerLimits`: the connection ends. */
export const LIMIT_CODE = 0x20002;

/** A part of an answer is larger than its client takes in one packet over its transport. */
export const TOO_LARGE_CODE = 0x20003;

/** An ERROR that answers a packet: of its scope, with its ids, and a text without a stack. */
export function errorPacket(
  cause: CommonHeader,
  fields: Pick<ErrorMetadata, 'errorCode' | 'errorScope'> & Partial<ErrorMetadata>,
  diagnostic: string,
  maxTextBytes = MAX_TEXT_BYTES,
): Packet {
  const { sessionId, frameId, viewId } = cause;
  const text = cutText(diagnostic, Math.min(maxTextBytes, MAX_TEXT_BYTES));
  const metadata = ErrorMetadata.of({
    relatedSessionId: sessionId,
    relatedFrameId: frameId,
    relatedViewId: viewId,
    ...fields,
    diagnosticBytes: text.length,
  });
  return packet(
    { messageType: MessageType.Error, sessionId, frameId, viewId },
    ErrorMetadata.encode(metadata),
    text,
  );
}

/** A submit refers to an object that is not cached (protocol section 7). */
export function cacheMiss(submit: CommonHeader, code: CacheErrorCode): Packet {
  const what = code === CacheErrorCode.LeaseExpired ? 'whose lease has expired' : 'that is not cached';
  return errorPacket(
    submit,
    { errorCode: code, errorScope: ErrorScope.Frame },
    `the submit refers to an object ${what}`,
  );
}

/** In the place of a result of so many bytes of body, where its client takes fewer. */
export function answerTooLarge(sessionId: number, frameId: number, bytes: number, most: number): Packet {
  return operationEnd(
    sessionId,
    frameId,
    { errorCode: TOO_LARGE_CODE },
    `its answer has a body of ${bytes} bytes, and ${most} are the most that this client takes over this transport`,
    most,
  );
}

/** In the place of a result of so many bytes of body, which does not arrive. */
export function answerUndeliverable(sessionId: number, frameId: number, bytes: number, most: number): Packet {
  return operationEnd(
    sessionId,
    frameId,
    { errorCode: EndCode.Undeliverable },
    `a part of its answer, with a body of ${bytes} bytes, has not arrived over any of them; have it answered in smaller ones`,
    most,
  );
}

/** In the place of an ack of so many bytes of body, where its client takes fewer by now. */
export function refusedAck(sessionId: number, bytes: number, most: number): Packet {
  const { header } = packet({ messageType: MessageType.Error, sessionId });
  return errorPacket(
    header,
    { errorCode: TOO_LARGE_CODE, errorScope: ErrorScope.Session },
    `the ack has a body of ${bytes} bytes, and ${most} are the most that this client takes over this transport`,
    most,
  );
}

/** The client may have its session no longer by what it has shown. */
export function authRunOut(sessionId: number): Packet {
  const { header } = packet({ messageType: MessageType.Error, sessionId });
  return errorPacket(
    header,
    { errorCode: SessionErrorCode.AuthFailed, errorScope: ErrorScope.Session },
    'the time that the policy has given is over: resume the session with newer auth',
  );
}

/** That an operation has ended without an answer, and why; `most` is what its client takes of a body, in bytes. */
export function operationEnd(
  sessionId: number,
  frameId: number,
  why: { readonly errorCode: number; readonly retryAfterMs?: number },
  text = '',
  most = Infinity,
): Packet {
  const { header } = packet({ messageType: MessageType.ResultPush, sessionId, frameId });
  return errorPacket(header, { ...why, errorScope: ErrorScope.Frame }, text, most);
}
