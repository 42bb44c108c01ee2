import { openBlocks, type OpenBlocks } from '../../protocol/session/open-blocks';
import { isResumeAttempt } from '../../protocol/session/recovery';
import { decodeSessionExtension, type SessionExtension } from '../../protocol/session/session-extension';
import type { SessionOpenMetadata } from '../../wire/messages/session-open';
import type { Attachment } from '../session/results/attachment';
import type { SessionCore } from '../session/session-core';
import type { ResumeProof } from './judge-open';
import type { SessionOpenRequest } from './policy';

/** A SESSION_OPEN, taken apart. */
export interface Opening {
  readonly open: SessionOpenMetadata;
  readonly blocks: OpenBlocks;
  readonly proof: ResumeProof;
  /** The client's word on what it takes; undefined where it has not announced itself. */
  readonly extension: SessionExtension | undefined;
  readonly connection: Attachment;
  readonly body: Uint8Array;
}

/** Takes a SESSION_OPEN apart. Throws an `NnrpError` where the body's blocks are not as announced. */
export function readOpening(open: SessionOpenMetadata, body: Uint8Array, connection: Attachment): Opening {
  const blocks = openBlocks(open, body);
  const extension = decodeSessionExtension(blocks.extension);
  const proof: ResumeProof = {
    token: blocks.resumeToken,
    receivedResults: extension?.receivedResults,
    resumeAttempt: extension?.resumeAttempt,
    isByTicket: extension?.isByTicket === true,
    knowsTickets: extension?.knowsTickets === true,
  };
  return { open, blocks, proof, extension, connection, body };
}

/** Which one it is, in words: whose, and of which session where that is named. */
export function wordsFor({ open, connection }: Opening): string {
  const { requestedSessionId: id } = open;
  return `a SESSION_OPEN${id === 0 ? '' : ` of session ${id}`} from ${connection.transport.peer}`;
}

/** What a policy sees of it. */
export function policyRequest({ open, blocks, connection }: Opening): SessionOpenRequest {
  const { peer, kind, identity } = connection.transport;
  const { auth, extension } = blocks;
  const resumes = isResumeAttempt(open) ? open.requestedSessionId : undefined;
  return { open, auth, extension, resumes, peer, transport: kind, identity };
}

/**
 * Whether a connection may have a session. What waits for the session's client is encoded in its revision: the
 * connection has to be of that, and is from now on where it has not said. In preview4, as the reference has it, the
 * connection that carries the session must have ended.
 */
export function takesUp(connection: Attachment, core: SessionCore | undefined): boolean {
  if (core === undefined) return true;
  const isCertain = core.operations.lastOperationId > 0;
  if (!connection.takesUp(core.revision, { isCertain })) return false;
  return !connection.isReference || core.outlet.current === undefined;
}
