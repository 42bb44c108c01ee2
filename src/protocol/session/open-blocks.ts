import { NnrpError } from '../../wire/errors';
import type { SessionOpenMetadata } from '../../wire/messages/session-open';
import { EMPTY } from '../../wire/packet';

/** The blocks of a SESSION_OPEN's body. */
export interface OpenBlocks {
  readonly resumeToken: Uint8Array;
  readonly auth: Uint8Array;
  readonly extension: Uint8Array;
}

/** The body of a SESSION_OPEN that has no blocks. */
export const NO_BLOCKS: OpenBlocks = { resumeToken: EMPTY, auth: EMPTY, extension: EMPTY };

/**
 * Cuts SESSION_OPEN's body into its blocks, views that copy nothing (protocol section 2). The 3.2 runtime announces token bytes
 * and sends none, so a body may lack the token, and an empty one has no blocks whatever the metadata
 * says. Throws an `NnrpError`, `PacketLengthMismatch`, where another body is not as long as announced.
 */
export function openBlocks(open: SessionOpenMetadata, body: Uint8Array): OpenBlocks {
  if (body.length === 0) return NO_BLOCKS;
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

/** SESSION_OPEN's body, whose lengths its metadata announces. */
export function openBody({ resumeToken, auth, extension }: OpenBlocks): Uint8Array {
  const body = new Uint8Array(resumeToken.length + auth.length + extension.length);
  body.set(resumeToken);
  body.set(auth, resumeToken.length);
  body.set(extension, resumeToken.length + auth.length);
  return body;
}
