import { markOf } from '../../protocol/revision/mark';
import { requestsOf, type RequestEncoder } from '../../protocol/revision/requests';
import { REVISIONS, type MessageOf, type RevisionName } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import type { Revision } from '../../wire/revision';

/** What a server speaks, as far as it has said. */
export interface Speech {
  readonly name: RevisionName;
  readonly revision: Revision;
  readonly requests: RequestEncoder;
  /**
   * Whether a SESSION_OPEN may have blocks that the reference knows nothing of: its preview3 ignores them, its preview4
   * ends the connection.
   */
  readonly takesBlocks: boolean;
}

function speechOf(name: RevisionName, { takesBlocks }: Pick<Speech, 'takesBlocks'>): Speech {
  return { name, revision: REVISIONS[name], requests: requestsOf(name), takesBlocks };
}

/** Of a server that was not asked, or has not answered yet: nothing is said to it that only one revision has. */
export const UNASKED = speechOf('preview3', { takesBlocks: true });

/** What a server that answers a hello without a mark speaks, as far as can be told: its first submit may show otherwise. */
export const UNMARKED = speechOf('preview4', { takesBlocks: false });

/** Whether a submit of preview4 was refused for the id that preview3 has no place for: its bytes are reserved there. */
export function isRefusedId(text: string): boolean {
  return text.includes('frame_submit.reserved2');
}

/**
 * What a server speaks that answers a hello so. Older ends of this project answer one, too, and go on in preview3;
 * what tells them is that they take no body, as their acks have it.
 */
export function speechOfAck(ack: MessageOf<typeof MessageType.ServerHelloAck>): Speech {
  const mark = markOf(ack);
  if (mark !== undefined) return speechOf(mark, { takesBlocks: true });
  if (ack.metadata.maxBodyBytes === 0) return UNASKED;
  return UNMARKED;
}
