import { BodyRegionPrelude } from './body/body-region';
import { TypedPayloadDescriptor } from './body/typed-payload';
import { copyInto } from './copy-into';
import { fieldOffset } from './codec/record';
import { CommonHeader, HEADER_LENGTH } from './header';
import type { MessageType } from './message-type';
import { packet, type Packet } from './packet';
import { utf8Length, writeUtf8 } from './utf8';
import { isU32, readU32, writeU32 } from './u32';

const BODY_LEN = fieldOffset(CommonHeader, 'bodyLen');
const SESSION_ID = fieldOffset(CommonHeader, 'sessionId');
const FRAME_ID = fieldOffset(CommonHeader, 'frameId');
/** Where a body with one frame says how long that is: twice (protocol section 6). */
const FRAME_BYTES = fieldOffset(BodyRegionPrelude, 'typedPayloadFrameBytes');
const TEXT_LENGTH = BodyRegionPrelude.length + fieldOffset(TypedPayloadDescriptor, 'length');

/** Characters of a text that is written in place; that of a longer one is encoded first. */
const LONGEST = 4096;

const utf8 = new TextEncoder();

/**
 * Packets whose body is one text as a typed payload of one frame: all but ids, lengths and text is encoded once,
 * by the codec, and a text becomes bytes once, where it is sent from. A token is five bytes behind 160 others;
 * to make those anew each time, and the body before the packet, cost ten times as much.
 */
export class TextTemplate {
  /** All that stands before the text, with zeros where a packet has its own. */
  readonly head: Uint8Array;
  readonly metadata: Uint8Array;
  private readonly bodyAt: number;

  /** `emptyBody` is the body of an empty text. */
  constructor(
    readonly messageType: MessageType,
    metadata: Uint8Array,
    emptyBody: Uint8Array,
  ) {
    this.bodyAt = HEADER_LENGTH + metadata.length;
    this.head = new Uint8Array(this.bodyAt + emptyBody.length);
    CommonHeader.encodeInto(packet({ messageType }, metadata).header, this.head);
    this.head.set(metadata, HEADER_LENGTH);
    this.head.set(emptyBody, this.bodyAt);
    this.metadata = this.head.subarray(HEADER_LENGTH, this.bodyAt);
  }

  /** Whether a text is written in place. */
  isShort(text: string): boolean {
    return text.length <= LONGEST;
  }

  packet(sessionId: number, frameId: number, text: string): Packet {
    if (this.isShort(text) && isU32(sessionId) && isU32(frameId)) {
      return new TextPacket(this, sessionId, frameId, text);
    }
    return packet({ messageType: this.messageType, sessionId, frameId }, this.metadata, this.body(text));
  }

  /** The body by itself. */
  body(text: string): Uint8Array {
    const { head, bodyAt } = this;
    const encoded = utf8.encode(text);
    const body = new Uint8Array(head.length - bodyAt + encoded.length);
    copyInto(body, head.subarray(bodyAt), 0);
    copyInto(body, encoded, head.length - bodyAt);
    this.writeLengths(body, 0, encoded.length);
    return body;
  }

  /** Where the text starts in a body of this form, and in no other: it ends with the body. */
  textStart(body: Uint8Array): number | undefined {
    const { head, bodyAt } = this;
    const start = head.length - bodyAt;
    if (body.length < start) return undefined;
    const length = body.length - start;
    for (let at = 0; at < start; at++) {
      if (at === FRAME_BYTES || at === TEXT_LENGTH) {
        if (readU32(body, at) !== length) return undefined;
        at += 3;
      } else if (body[at] !== head[bodyAt + at]) {
        return undefined;
      }
    }
    return start;
  }

  /** Writes a whole packet, for which there must be room; returns where it ends. */
  encodeInto(bytes: Uint8Array, at: number, { sessionId, frameId, text }: TextPacket): number {
    const { head } = this;
    copyInto(bytes, head, at);
    const start = at + head.length;
    const end = writeUtf8(text, bytes, start);
    this.writeLengths(bytes, at + this.bodyAt, end - start);
    writeU32(bytes, at + BODY_LEN, end - at - this.bodyAt);
    writeU32(bytes, at + SESSION_ID, sessionId);
    writeU32(bytes, at + FRAME_ID, frameId);
    return end;
  }

  private writeLengths(bytes: Uint8Array, bodyAt: number, length: number): void {
    writeU32(bytes, bodyAt + FRAME_BYTES, length);
    writeU32(bytes, bodyAt + TEXT_LENGTH, length);
  }
}

/**
 * A packet that is still a text: who asks for its body gets one, and whoever can write in place need not ask.
 * The text is a string, which nobody can change: the packet may be kept as it is.
 */
export class TextPacket implements Packet {
  private made: Packet | undefined;

  constructor(
    private readonly template: TextTemplate,
    readonly sessionId: number,
    readonly frameId: number,
    readonly text: string,
  ) {}

  get header(): CommonHeader {
    return this.whole.header;
  }

  get metadata(): Uint8Array {
    return this.template.metadata;
  }

  get body(): Uint8Array {
    return this.whole.body;
  }

  /** Bytes of the packet. */
  get byteLength(): number {
    return this.template.head.length + utf8Length(this.text);
  }

  /** Bytes that it has at most: what there must be room for. */
  get maxByteLength(): number {
    return this.template.head.length + 3 * this.text.length;
  }

  /** Whether nobody has its parts, and may have changed them. */
  get isText(): boolean {
    return this.made === undefined;
  }

  encodeInto(bytes: Uint8Array, at: number): number {
    return this.template.encodeInto(bytes, at, this);
  }

  private get whole(): Packet {
    const { template, sessionId, frameId, text } = this;
    return (this.made ??= packet(
      { messageType: template.messageType, sessionId, frameId },
      this.metadata,
      template.body(text),
    ));
  }
}
