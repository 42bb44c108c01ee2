import type { RevisionGuess } from '../../protocol/revision/revision-guess';
import { protocolError, unexpectedMessage, type RuntimeError } from '../../protocol/runtime-error';
import { checkRecoveryRequest } from '../../protocol/session/recovery';
import { NnrpError } from '../../wire/errors';
import type { SessionOpenMetadata } from '../../wire/messages/session-open';

/**
 * Why a SESSION_OPEN gets no answer and ends its connection: a resume that is not even well-formed (protocol section
 * 9), or what the reference ends a connection of preview4 for, where no mark says that the peer knows better.
 */
export function faultOfOpen(
  open: SessionOpenMetadata,
  body: Uint8Array,
  { isReference, isStrict, isGreeted }: RevisionGuess,
): RuntimeError | undefined {
  try {
    checkRecoveryRequest(open);
  } catch (error) {
    if (error instanceof NnrpError) return protocolError(error, 'connection');
    throw error;
  }
  if (isStrict && !isGreeted) {
    return unexpectedMessage(
      "server received SESSION_OPEN before CLIENT_HELLO: it speaks preview4 alone; connect with revision 'auto' or 'preview4'",
    );
  }
  const { resumeTokenBytes: declared, authBytes, sessionExtensionBytes } = open;
  const actual = body.length;
  if (!isReference || (actual === declared && authBytes === 0 && sessionExtensionBytes === 0))
    return undefined;
  return protocolError(new NnrpError({ kind: 'PacketLengthMismatch', declared, actual }), 'connection');
}

/** Whether a packet is refused, and its peer has broken no rule: the fault is this side's, or it has said a token that this side has not. */
export function isRefusal({ kind, cause }: RuntimeError): boolean {
  return kind === 'internal' || (cause instanceof NnrpError && cause.fault.kind === 'UnknownCapabilityToken');
}

/** Whether who opens a session in the other revision hears why that ends its connection: nobody of the reference has such a block. */
export function mayHearOfOpen(
  { isStrict, isGreeted }: RevisionGuess,
  { sessionExtensionBytes }: SessionOpenMetadata,
): boolean {
  return isStrict && !isGreeted && sessionExtensionBytes > 0;
}

/** Whether a peer may be told of a fault: one of the reference falls over an ERROR of no session that it has. */
export function mayBeTold(
  { isReference, isStrict }: RevisionGuess,
  { isFatal, isOfSession }: { readonly isFatal: boolean; readonly isOfSession: boolean },
): boolean {
  return !isReference || (isFatal ? !isStrict : isOfSession);
}
