import type { CommonHeader } from './header';
import type { MessageType } from './message-type';
import type { Packet } from './packet';
import { preview3, type MetadataOf, type MetadataType, type Revision } from './revision';

/** What the metadata of a message type decodes to; `undefined` where it has none. */
export type MessageMetadata<T extends MessageType> = T extends MetadataType ? MetadataOf<T> : undefined;

/** A packet with its metadata decoded. */
export interface Message<T extends MessageType = MessageType> {
  readonly messageType: T;
  readonly sessionId: number;
  readonly frameId: number;
  readonly header: CommonHeader;
  readonly metadata: MessageMetadata<T>;
  readonly body: Uint8Array;
}

/** The union of the messages of some types, discriminated by `messageType`. */
export type MessageOf<T extends MessageType> = T extends MessageType ? Message<T> : never;

/** Any message, discriminated by `messageType`. */
export type AnyMessage = MessageOf<MessageType>;

/**
 * Decodes a packet's metadata by its message type. Throws an `NnrpError`.
 *
 * @example
 * const message = decodeMessage(packet);
 * if (message.messageType === MessageType.FlowUpdate) console.log(message.metadata.sessionCredit);
 */
export function decodeMessage(packet: Packet, revision: Revision = preview3): AnyMessage {
  const { header, body } = packet;
  const metadata = revision.metadata.get(header.messageType)?.decode(packet.metadata);
  const message = {
    messageType: header.messageType,
    sessionId: header.sessionId,
    frameId: header.frameId,
    header,
    metadata,
    body,
  };
  // The revision's table pairs type and record; the compiler cannot follow a Map.
  return message as AnyMessage;
}
