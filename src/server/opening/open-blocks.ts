import { NnrpError } from '../../wire/errors';
import type { SessionOpenMetadata } from '../../wire/messages/session-open';
import { EMPTY } from '../../wire/packet';

/** The blocks of a SESSION_OPEN's body, views that copy nothing. */
export interface OpenBlocks {
  readonly resumeToken: Uint8Array;
  readonly auth: Uint8Array;
  readonly extension: Uint8Array;
}

const NONE: OpenBlocks = { resumeToken: EMPTY, auth: EMPTY, extension: EMPTY };

/**
 * Cuts SESSION_OPEN's body into its blocks (protocol section 2). The 3.2 runtime announces token bytes
 * and sends none, so a body may lack the token, and an empty one has no blocks whatever the metadata
 * says. Throws an `NnrpError`, `PacketLengthMismatch`, where another body is not as long as announced.
 */
export function openBlocks(open: SessionOpenMetadata, body: Uint8Array): OpenBlocks {
  if (body.length === 0) return NONE;
  const { resumeTokenBytes, authBytes, sessionExtensionBytes } = open;
  const isTokenLeftOut = body.length === authBytes + sessionExtensionBytes;
  const tokenEnd = isTokenLeftOut ? 0 : resumeTokenBytes;
  const authEnd = tokenEnd + authBytes;
  const declared = authEnd + sessionExtensionBytes;
  if (declared !== body.length) {
    throw new NnrpError({ kind: 'PacketLengthMismatch', declared, actual: body.length });
  }
  return {
    resumeToken: body.subarray(0, tokenEnd),
    auth: body.subarray(tokenEnd, authEnd),
    extension: body.subarray(authEnd),
  };
}
