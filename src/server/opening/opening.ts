import { openBlocks, type OpenBlocks } from '../../protocol/session/open-blocks';
import { decodeSessionExtension, type SessionExtension } from '../../protocol/session/session-extension';
import type { SessionOpenMetadata } from '../../wire/messages/session-open';
import type { Attachment } from '../session/results/session-outlet';
import type { ResumeProof } from './judge-open';

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
