import { MessageType } from '../../wire/message-type';
import { BodyRegionPrelude } from '../../wire/body/body-region';
import { DescriptorFlag } from '../../wire/body/typed-payload';
import { fieldOffset } from '../../wire/codec/record';
import { PayloadKind } from '../../wire/messages/payload-kind';
import { TypedPayloadDescriptor } from '../../wire/preview4/body/typed-payload';
import { PartialTextTemplate, type PartOf } from '../../wire/preview4/partial-packet';
import { ResultPushMetadata } from '../../wire/messages/result-push';
import type { Packet } from '../../wire/packet';
import { TextTemplate, type Texts } from '../../wire/text-packet';
import { USUAL_PARTIAL, type ResultPush } from '../operation/result';
import { encodeTokens } from './token-delta';

const EMPTY = encodeTokens(['']);
export const TEXT_PARTIAL: Readonly<ResultPushMetadata> = Object.freeze({
  ...USUAL_PARTIAL,
  ...EMPTY.fields,
});
const TEMPLATE = new TextTemplate(
  MessageType.ResultPush,
  ResultPushMetadata.encode(TEXT_PARTIAL),
  EMPTY.body,
  fieldOffset(ResultPushMetadata, 'payloadFrameCount'),
);

/** Where the one descriptor of a text is other in preview4. */
const KIND_AT = BodyRegionPrelude.length + fieldOffset(TypedPayloadDescriptor, 'payloadKind');
const FLAGS_AT = BodyRegionPrelude.length + fieldOffset(TypedPayloadDescriptor, 'descriptorFlags');
const PREVIEW4_TEMPLATE = new PartialTextTemplate(inPreview4(EMPTY.body));

/** Bytes that texts are gathered to in one packet: what stands before them is then next to nothing for each. */
export const GATHERED_BYTES = 4 * 1024;

/** Where the text starts in a body that is as a session sends one text; undefined of any other. */
export function textStart(body: Uint8Array): number | undefined {
  // They differ in one byte: preview4 has flags there.
  return (body[FLAGS_AT] === 0 ? TEMPLATE : PREVIEW4_TEMPLATE).textStart(body);
}

/** The same body with the descriptor of preview4, which has the kind where preview3 has flags, and flags behind. */
function inPreview4(body: Uint8Array): Uint8Array {
  const moved = body.slice();
  moved[KIND_AT] = PayloadKind.TokenChunk;
  moved[FLAGS_AT] = DescriptorFlag.Partial;
  return moved;
}

/**
 * A part of an answer that is text: `partialResult` of what `encodeTokens` makes of it, but it becomes bytes
 * only where it is sent from, or where somebody asks for its body.
 */
export class TextResult implements ResultPush {
  readonly type = 'push';
  private made: Uint8Array | undefined;

  constructor(
    readonly frameId: number,
    readonly text: Texts,
  ) {}

  get metadata(): Readonly<ResultPushMetadata> {
    const { text } = this;
    return typeof text === 'string' ? TEXT_PARTIAL : { ...TEXT_PARTIAL, payloadFrameCount: text.length };
  }

  get body(): Uint8Array {
    return (this.made ??= TEMPLATE.body(this.text));
  }

  /** Of the body. */
  get byteLength(): number {
    return TEMPLATE.bodyLength(this.text);
  }

  /** Of the body, at most. */
  get maxByteLength(): number {
    return TEMPLATE.maxBodyLength(this.text);
  }

  /** Whether nobody has its body, and may have changed it: then that is what is sent. */
  get isText(): boolean {
    return this.made === undefined;
  }

  /** PARTIAL_RESULT of preview4, as {@link packet}. */
  part(part: PartOf): Packet | undefined {
    return this.isText ? PREVIEW4_TEMPLATE.part(part, this.text) : undefined;
  }

  packet(sessionId: number): Packet | undefined {
    return this.isText ? TEMPLATE.packet(sessionId, this.frameId, this.text) : undefined;
  }
}
