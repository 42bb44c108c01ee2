import { fieldOffset } from './codec/record';
import { copyInto } from './bytes/copy-into';
import { CommonHeader, HEADER_LENGTH } from './header';
import type { MessageType } from './message-type';
import { packet, type Packet } from './packet';
import { isU32, writeU32 } from './bytes/u32';

/** Where the header has what is a packet's own. */
const BODY_LEN = fieldOffset(CommonHeader, 'bodyLen');
const SESSION_ID = fieldOffset(CommonHeader, 'sessionId');
const FRAME_ID = fieldOffset(CommonHeader, 'frameId');

/**
 * Packets of one type and one metadata, which differ in session, frame and body. All else is encoded once:
 * most parts of an answer say nothing that the one before did not say.
 *
 * @example
 * const complete = new PacketTemplate(MessageType.ResultPush, ResultPushMetadata.encode(usual));
 * transport.send(complete.packet(42, 7, body));
 */
export class PacketTemplate {
  /** Header and metadata, with zeros where a packet has its own; not to be written to, as is the next. */
  readonly head: Uint8Array;
  readonly metadata: Uint8Array;

  constructor(
    readonly messageType: MessageType,
    metadata: Uint8Array,
  ) {
    this.head = new Uint8Array(HEADER_LENGTH + metadata.length);
    CommonHeader.encodeInto(packet({ messageType }, metadata).header, this.head);
    this.head.set(metadata, HEADER_LENGTH);
    this.metadata = this.head.subarray(HEADER_LENGTH);
  }

  packet(sessionId: number, frameId: number, body: Uint8Array): Packet {
    const isValid =
      isU32(sessionId) &&
      isU32(frameId) &&
      body instanceof Uint8Array &&
      isU32(this.metadata.length + body.length);
    // Any other is refused like all packets, where it is encoded.
    return isValid
      ? new TemplatePacket(this, sessionId, frameId, body)
      : packet({ messageType: this.messageType, sessionId, frameId }, this.metadata, body);
  }
}

/** A packet of a template: it has a header object for who asks for one, which a socket does not. */
export class TemplatePacket implements Packet {
  private made: CommonHeader | undefined;

  constructor(
    private readonly template: PacketTemplate,
    readonly sessionId: number,
    readonly frameId: number,
    readonly body: Uint8Array,
  ) {}

  get header(): CommonHeader {
    const { messageType, metadata } = this.template;
    const { sessionId, frameId } = this;
    return (this.made ??= packet({ messageType, sessionId, frameId }, metadata, this.body).header);
  }

  get metadata(): Uint8Array {
    return this.template.metadata;
  }

  /** Bytes of header and metadata: whoever only makes room for them does not ask for the metadata. */
  get headLength(): number {
    return this.template.head.length;
  }

  withBody(body: Uint8Array): Packet {
    return new TemplatePacket(this.template, this.sessionId, this.frameId, body);
  }

  /** Writes header and metadata; not where somebody has the header, and may have changed it. */
  encodeHeadInto(bytes: Uint8Array, at: number): 'encoded' | 'not-encoded' {
    if (this.made !== undefined) return 'not-encoded';
    copyInto(bytes, this.template.head, at);
    writeU32(bytes, at + BODY_LEN, this.body.length);
    writeU32(bytes, at + SESSION_ID, this.sessionId);
    writeU32(bytes, at + FRAME_ID, this.frameId);
    return 'encoded';
  }
}

/** The packet with another body of the same bytes. */
export function withBody(packet: Packet, body: Uint8Array): Packet {
  if (packet.body === body) return packet;
  if (packet instanceof TemplatePacket) return packet.withBody(body);
  const { header, metadata } = packet;
  return { header, metadata, body };
}
