import { fieldOffset } from '../codec/record';
import { HEADER_LENGTH } from '../header';
import { MessageType } from '../message-type';
import type { Packet } from '../packet';
import { PacketTemplate, TemplatePacket } from '../packet-template';
import { joinTexts, TextPacket, TextTemplate, type Texts } from '../text-packet';
import { writeU32 } from '../bytes/u32';
import { PartialResultMetadata } from './results';

const OPERATION_ID = fieldOffset(PartialResultMetadata, 'operationId');
const RESULT_SEQUENCE = fieldOffset(PartialResultMetadata, 'resultSequence');
const BODY_BYTES = fieldOffset(PartialResultMetadata, 'bodyBytes');
const NOTHING = new Uint8Array(PartialResultMetadata.length);
const TEMPLATE = new PacketTemplate(MessageType.PartialResult, NOTHING);

/** The words of a PARTIAL_RESULT besides its body. */
export interface PartOf {
  readonly sessionId: number;
  readonly frameId: number;
  /** The operation's id, in halves: a bigint a part would cost more than all the rest. */
  readonly idLow: number;
  readonly idHigh: number;
  /** From 1 on. */
  readonly sequence: number;
}

/** PARTIAL_RESULT whose body is bytes, of which there must be some. */
export function partialPacket(part: PartOf, body: Uint8Array): Packet {
  return new PartialPacket(part, body);
}

/** PARTIAL_RESULT whose body is text, in the region that a {@link PartialTextTemplate} makes of it. */
export class PartialTextTemplate extends TextTemplate {
  /** `emptyBody` is the body of an empty text. */
  constructor(emptyBody: Uint8Array) {
    super(MessageType.PartialResult, NOTHING, emptyBody);
  }

  part(part: PartOf, text: Texts): Packet {
    return this.isShort(text)
      ? new PartialTextPacket(this, part, text)
      : new PartialPacket(part, this.body(text));
  }
}

class PartialPacket extends TemplatePacket implements PartOf {
  readonly idLow: number;
  readonly idHigh: number;
  readonly sequence: number;
  private madeMetadata: Uint8Array | undefined;

  constructor({ sessionId, frameId, idLow, idHigh, sequence }: PartOf, body: Uint8Array) {
    super(TEMPLATE, sessionId, frameId, body);
    this.idLow = idLow;
    this.idHigh = idHigh;
    this.sequence = sequence;
  }

  override get metadata(): Uint8Array {
    return (this.madeMetadata ??= metadataOf(this, this.body.length));
  }

  override withBody(body: Uint8Array): Packet {
    return new PartialPacket(this, body);
  }

  override encodeHeadInto(bytes: Uint8Array, at: number): 'encoded' | 'not-encoded' {
    if (this.madeMetadata !== undefined) return 'not-encoded';
    const outcome = super.encodeHeadInto(bytes, at);
    if (outcome === 'encoded') write(this, this.body.length, bytes, at + HEADER_LENGTH);
    return outcome;
  }
}

class PartialTextPacket extends TextPacket implements PartOf {
  readonly idLow: number;
  readonly idHigh: number;
  readonly sequence: number;
  private madeMetadata: Uint8Array | undefined;

  constructor(
    private readonly of: PartialTextTemplate,
    { sessionId, frameId, idLow, idHigh, sequence }: PartOf,
    text: Texts,
  ) {
    super(of, sessionId, frameId, text);
    this.idLow = idLow;
    this.idHigh = idHigh;
    this.sequence = sequence;
  }

  override get metadata(): Uint8Array {
    return (this.madeMetadata ??= metadataOf(this, this.of.bodyLength(this.text)));
  }

  override with(more: Texts): TextPacket {
    return new PartialTextPacket(this.of, this, joinTexts(this.text, more));
  }

  override get isText(): boolean {
    return this.madeMetadata === undefined && super.isText;
  }

  override encodeInto(bytes: Uint8Array, at: number): number {
    const end = super.encodeInto(bytes, at);
    const metadataAt = at + HEADER_LENGTH;
    write(this, end - metadataAt - PartialResultMetadata.length, bytes, metadataAt);
    return end;
  }
}

function metadataOf(part: PartOf, bodyBytes: number): Uint8Array {
  const metadata = new Uint8Array(PartialResultMetadata.length);
  write(part, bodyBytes, metadata, 0);
  return metadata;
}

function write({ idLow, idHigh, sequence }: PartOf, bodyBytes: number, bytes: Uint8Array, at: number): void {
  writeU32(bytes, at + OPERATION_ID, idLow);
  writeU32(bytes, at + OPERATION_ID + 4, idHigh);
  writeU32(bytes, at + RESULT_SEQUENCE, sequence);
  writeU32(bytes, at + RESULT_SEQUENCE + 4, Math.floor(sequence / 2 ** 32));
  writeU32(bytes, at + BODY_BYTES, bodyBytes);
}
