import { decodeMessage, type MessageOf } from '../wire/message';
import type { MessageType } from '../wire/message-type';
import type { Packet } from '../wire/packet';
import { preview3 } from '../wire/preview3';
import { checkMetadataLength, type Role } from './packet-checks';

/** Decodes a message of a known type, with the exact length of its record. */
export function decodeAs<T extends MessageType>(packet: Packet, type: T, role: Role): MessageOf<T> {
  const record = preview3.messages[type]?.record;
  if (record !== undefined) checkMetadataLength(packet, record.length, role);
  return decodeMessage(packet) as MessageOf<T>;
}
