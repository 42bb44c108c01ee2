import { BodyRegionPrelude } from './body/body-region';
import { TypedPayloadDescriptor } from './body/typed-payload';
import { copyInto } from './bytes/copy-into';
import { matcherOf, type Matcher } from './codec/pattern';
import { fieldOffset } from './codec/record';
import { CommonHeader, HEADER_LENGTH } from './header';
import type { MessageType } from './message-type';
import { packet, type Packet } from './packet';
import { utf8Length, writeUtf8 } from './bytes/utf8';
import { isU32, readU32, writeU32 } from './bytes/u32';

const BODY_LEN = fieldOffset(CommonHeader, 'bodyLen');
const SESSION_ID = fieldOffset(CommonHeader, 'sessionId');
const FRAME_ID = fieldOffset(CommonHeader, 'frameId');
/** Where a body with one frame says how long that is: twice (protocol section 6). */
const FRAME_BYTES = fieldOffset(BodyRegionPrelude, 'typedPayloadFrameBytes');
const TEXT_LENGTH = BodyRegionPrelude.length + fieldOffset(TypedPayloadDescriptor, 'length');

/** The rest of a body whose frames are several, where it has them. */
const DESCRIPTOR_BYTES = fieldOffset(BodyRegionPrelude, 'typedPayloadDescriptorBytes');
const OFFSET = fieldOffset(TypedPayloadDescriptor, 'offset');
const LENGTH = fieldOffset(TypedPayloadDescriptor, 'length');
/** Bytes that a frame takes besides its text. */
const FRAME_COST = TypedPayloadDescriptor.length;

/** Characters of a text that is written in place; that of a longer one is encoded first. */
const LONGEST = 4096;

const utf8 = new TextEncoder();

/** A text, or several that are frames of one body. */
export type Texts = string | readonly string[];

/**
 * Packets whose body is text as a typed payload, of one frame mostly: all but ids, lengths and text is encoded once,
 * by the codec, and a text becomes bytes once, where it is sent from. A token is five bytes behind 160 others;
 * to make those anew each time, and the body before the packet, cost ten times as much.
 */
export class TextTemplate {
  /** All that stands before the one text, with zeros where a packet has its own. */
  readonly head: Uint8Array;
  private readonly metadata: Uint8Array;
  /** Bytes of header and metadata. */
  readonly bodyAt: number;
  private readonly descriptor: Uint8Array;
  /** Of a body, but for the lengths of its text. */
  private readonly isOfForm: Matcher;

  /** `emptyBody` is the body of one empty text; where the metadata count frames, `frameCountAt` says where. */
  constructor(
    readonly messageType: MessageType,
    metadata: Uint8Array,
    emptyBody: Uint8Array,
    private readonly frameCountAt?: number,
  ) {
    this.bodyAt = HEADER_LENGTH + metadata.length;
    this.head = new Uint8Array(this.bodyAt + emptyBody.length);
    CommonHeader.encodeInto(packet({ messageType }, metadata).header, this.head);
    this.head.set(metadata, HEADER_LENGTH);
    this.head.set(emptyBody, this.bodyAt);
    this.metadata = this.head.subarray(HEADER_LENGTH, this.bodyAt);
    this.descriptor = this.head.subarray(this.bodyAt + BodyRegionPrelude.length);
    this.isOfForm = matcherOf(emptyBody, [...wordAt(FRAME_BYTES), ...wordAt(TEXT_LENGTH)]);
  }

  /** Whether a text is written in place. */
  isShort(text: Texts): boolean {
    return (typeof text === 'string' ? text.length : charactersOf(text)) <= LONGEST;
  }

  packet(sessionId: number, frameId: number, text: Texts): Packet {
    if (this.isShort(text) && isU32(sessionId) && isU32(frameId)) {
      return new TextPacket(this, sessionId, frameId, text);
    }
    const metadata = this.metadataOf(text);
    return packet({ messageType: this.messageType, sessionId, frameId }, metadata, this.body(text));
  }

  /** Not to be written to. */
  metadataOf(text: Texts): Uint8Array {
    if (typeof text === 'string' || this.frameCountAt === undefined) return this.metadata;
    const metadata = this.metadata.slice();
    this.writeFrameCount(text.length, metadata, 0);
    return metadata;
  }

  /** The body by itself. */
  body(text: Texts): Uint8Array {
    const { head, bodyAt } = this;
    if (typeof text !== 'string') {
      // A text of any length: there is room for what it has at most.
      const bytes = new Uint8Array(this.maxBodyLength(text));
      copyInto(bytes, head.subarray(bodyAt), 0);
      return bytes.slice(0, this.writeFrames(text, bytes, 0));
    }
    const encoded = utf8.encode(text);
    const body = new Uint8Array(head.length - bodyAt + encoded.length);
    copyInto(body, head.subarray(bodyAt), 0);
    copyInto(body, encoded, head.length - bodyAt);
    this.writeLengths(body, 0, encoded.length);
    return body;
  }

  /** Bytes of the body. */
  bodyLength(text: Texts): number {
    if (typeof text === 'string') return this.head.length - this.bodyAt + utf8Length(text);
    return BodyRegionPrelude.length + framesLength(text);
  }

  /** Bytes that the body has at most. */
  maxBodyLength(text: Texts): number {
    if (typeof text === 'string') return this.head.length - this.bodyAt + 3 * text.length;
    return BodyRegionPrelude.length + text.length * FRAME_COST + 3 * charactersOf(text);
  }

  /** Where the text starts in a body of this form, and in no other: it ends with the body. */
  textStart(body: Uint8Array): number | undefined {
    const start = this.head.length - this.bodyAt;
    const length = body.length - start;
    const isOne =
      this.isOfForm(body) && readU32(body, FRAME_BYTES) === length && readU32(body, TEXT_LENGTH) === length;
    return isOne ? start : undefined;
  }

  /** Writes a whole packet, for which there must be room; returns where it ends. */
  encodeInto(bytes: Uint8Array, at: number, { sessionId, frameId, text }: TextPacket): number {
    const { head } = this;
    copyInto(bytes, head, at);
    const bodyAt = at + this.bodyAt;
    const end =
      typeof text === 'string' ? this.writeText(text, bytes, bodyAt) : this.writeFrames(text, bytes, bodyAt);
    if (typeof text !== 'string') this.writeFrameCount(text.length, bytes, at + HEADER_LENGTH);
    writeU32(bytes, at + BODY_LEN, end - bodyAt);
    writeU32(bytes, at + SESSION_ID, sessionId);
    writeU32(bytes, at + FRAME_ID, frameId);
    return end;
  }

  /** Writes one text behind its prelude and descriptor, which are there. */
  private writeText(text: string, bytes: Uint8Array, bodyAt: number): number {
    const start = bodyAt + this.head.length - this.bodyAt;
    const end = writeUtf8(text, bytes, start);
    this.writeLengths(bytes, bodyAt, end - start);
    return end;
  }

  /** Writes several behind the prelude, which is there, with a descriptor each. */
  private writeFrames(texts: readonly string[], bytes: Uint8Array, bodyAt: number): number {
    let descriptorAt = bodyAt + BodyRegionPrelude.length;
    const first = descriptorAt + texts.length * FRAME_COST;
    let end = first;
    for (const text of texts) {
      const start = end;
      end = writeUtf8(text, bytes, start);
      copyInto(bytes, this.descriptor, descriptorAt);
      writeU32(bytes, descriptorAt + OFFSET, start - first);
      writeU32(bytes, descriptorAt + LENGTH, end - start);
      descriptorAt += FRAME_COST;
    }
    writeU32(bytes, bodyAt + DESCRIPTOR_BYTES, texts.length * FRAME_COST);
    writeU32(bytes, bodyAt + FRAME_BYTES, end - first);
    return end;
  }

  private writeLengths(bytes: Uint8Array, bodyAt: number, length: number): void {
    writeU32(bytes, bodyAt + FRAME_BYTES, length);
    writeU32(bytes, bodyAt + TEXT_LENGTH, length);
  }

  private writeFrameCount(count: number, bytes: Uint8Array, metadataAt: number): void {
    if (this.frameCountAt === undefined) return;
    bytes[metadataAt + this.frameCountAt] = count;
    bytes[metadataAt + this.frameCountAt + 1] = count >>> 8;
  }
}

/** The places of the four bytes of a word. */
function wordAt(at: number): number[] {
  return [at, at + 1, at + 2, at + 3];
}

function charactersOf(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0);
}

/**
 * A packet that is still text: who asks for its body gets one, and whoever can write in place need not ask.
 * A text is a string, which nobody can change: the packet may be kept as it is.
 */
export class TextPacket implements Packet {
  private made: Packet | undefined;

  constructor(
    private readonly template: TextTemplate,
    readonly sessionId: number,
    readonly frameId: number,
    readonly text: Texts,
  ) {}

  get header(): CommonHeader {
    return this.whole.header;
  }

  get metadata(): Uint8Array {
    return this.template.metadataOf(this.text);
  }

  get body(): Uint8Array {
    return this.whole.body;
  }

  /** Bytes of the packet. */
  get byteLength(): number {
    return this.template.bodyAt + this.bodyLength;
  }

  /** Bytes of its body, which is not made for the question. */
  get bodyLength(): number {
    return this.template.bodyLength(this.text);
  }

  /** Bytes that it has at most: what there must be room for. */
  get maxByteLength(): number {
    return this.template.bodyAt + this.template.maxBodyLength(this.text);
  }

  /** Whether nobody has its parts, and may have changed them. */
  get isText(): boolean {
    return this.made === undefined;
  }

  encodeInto(bytes: Uint8Array, at: number): number {
    return this.template.encodeInto(bytes, at, this);
  }

  /** The same packet with more texts, which are frames of their own. */
  with(more: Texts): TextPacket {
    const { template, sessionId, frameId, text } = this;
    return new TextPacket(template, sessionId, frameId, joinTexts(text, more));
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

/** Bytes of the frames that texts are, with their descriptors. */
export function framesLength(texts: Texts): number {
  if (typeof texts === 'string') return FRAME_COST + utf8Length(texts);
  return texts.reduce((sum, each) => sum + FRAME_COST + utf8Length(each), 0);
}

export function joinTexts(texts: Texts, more: Texts): readonly string[] {
  return ([] as string[]).concat(texts, more);
}
