import { decodeMessage, type MessageOf } from '../wire/message';
import type { MessageType } from '../wire/message-type';
import type { Packet } from '../wire/packet';
import { isHeaderOnly, type Revision } from '../wire/revision';
import { checkHeaderOnly, checkMetadataLength, type Role } from './packet-checks';

/** Decodes a message of a known type, with the exact length of its record. */
export function decodeAs<T extends MessageType>(
  packet: Packet,
  type: T,
  role: Role,
  revision: Revision,
): MessageOf<T> {
  if (isHeaderOnly(revision, type)) checkHeaderOnly(packet, role);
  else checkMetadataLength(packet, revision.messages[type]?.record?.length ?? 0, role);
  return decodeMessage(packet, revision) as MessageOf<T>;
}
