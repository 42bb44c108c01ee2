import { encodeSessionExtension, type SessionExtension } from '../../protocol/session/session-extension';
import { HEADER_LENGTH } from '../../wire/header';
import { SessionOpenAckMetadata } from '../../wire/messages/session-open';
import { EMPTY } from '../../wire/packet';
import { preview4 } from '../../wire/preview4';
import type { HandOver } from '../session/results/hand-over';
import type { Attachment } from '../session/results/attachment';
import { MAX_TOKEN_BYTES } from './resume-token';

/** Bytes of an ack before its extension block, at most: header, metadata, token. */
const MAX_ACK_HEAD = HEADER_LENGTH + SessionOpenAckMetadata.length + MAX_TOKEN_BYTES;

/** An open that is accepted: over which connection, and what its client understands. */
interface Opened {
  readonly extension: SessionExtension | undefined;
  readonly connection: Attachment;
}

/** What an ack tells a client of this project besides: of the session and of the server, as far as it understands that. */
export function acceptanceBlock(
  { extension, connection }: Opened,
  lastOperationId: number,
  handOver?: HandOver,
): Uint8Array {
  if (extension === undefined) return EMPTY;
  const { largestPacket } = connection.transport;
  const { holdsOperations, takesTools } = extension;
  // What the client has said that it understands, too.
  const common: SessionExtension = {
    ...(holdsOperations && { holdsOperations }),
    ...(takesTools && { takesTools }),
    ...(holdsOperations && connection.revision === preview4 && { takesPressure: true }),
    ...(connection.isRelayed && { isRelayed: true }),
  };
  const said = { lastOperationId, largestPacket, ...common, ...handOver };
  const block = encodeSessionExtension(said);
  if (handOver === undefined || block.length + MAX_ACK_HEAD <= connection.largestPacket) return block;
  // What was sent is told as far as the client takes it.
  const operations = handOver.operations.map((operation) => ({ ...operation, sent: undefined }));
  return encodeSessionExtension({ ...said, operations });
}
