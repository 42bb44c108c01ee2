import { describeMember, describeValue } from '../../describe-value';
import { DescriptorFlag, encodeTypedPayload } from '../../../wire/body/typed-payload';
import { requireBytes } from '../../../wire/bytes/require-bytes';
import type { BodyRegions } from '../../../wire/body/body-region';
import { PayloadKind, Profile } from '../../../wire/messages/payload-kind';
import { StreamSemantics } from '../../../wire/messages/schema-descriptor';
import {
  encodeTypedPayload as encodeInPreview4,
  type TypedPayloadPart,
} from '../../../wire/preview4/body/typed-payload';
import { jsonText } from '../json-body';
import { TOKEN_DELTA } from '../token-delta';
import { requireTypedBody } from '../token-decoder';
import type { Part, TensorPart } from './part';

/** A part that is a typed payload, one of several in a body perhaps. */
export type FramePart = Exclude<Part, { readonly kind: 'tensor' | 'summary' }>;

const utf8 = new TextEncoder();

const OTHER = { profileId: Profile.Unspecified, schemaId: 0, schemaVersion: 0 };
const WHOLE = { ...OTHER, descriptorFlags: DescriptorFlag.Terminal };
const CHUNK = { ...OTHER, descriptorFlags: DescriptorFlag.Partial, streamSemantics: StreamSemantics.Append };

/** Throws a `TypeError` where a part is none, or its value none that JSON has. */
export function partFrame(part: FramePart): TypedPayloadPart {
  switch (part.kind) {
    case 'text':
      return {
        ...CHUNK,
        ...TOKEN_DELTA,
        profileId: Profile.Token,
        payloadKind: PayloadKind.TokenChunk,
        payload: utf8.encode(requireText(part.text)),
      };
    case 'event': {
      const payload = utf8.encode(jsonText(part.value, 'the value of an event'));
      const streamSemantics = StreamSemantics.Event;
      return { ...WHOLE, payloadKind: PayloadKind.StructuredEvent, streamSemantics, payload };
    }
    case 'tool': {
      const payload = utf8.encode(jsonText(part.value, 'the value of a tool'));
      const streamSemantics = StreamSemantics.ToolUpdate;
      return { ...WHOLE, payloadKind: PayloadKind.ToolDelta, streamSemantics, payload };
    }
    case 'audio':
      return { ...CHUNK, payloadKind: PayloadKind.AudioChunk, payload: bytesOf(part.bytes) };
    case 'video':
      return { ...CHUNK, payloadKind: PayloadKind.VideoChunk, payload: bytesOf(part.bytes) };
    case 'bytes':
      return { ...WHOLE, payloadKind: PayloadKind.OpaqueBytes, payload: bytesOf(part.bytes) };
    default:
      throw noPart(part);
  }
}

/** Frames as regions of a body, and the kinds that there are. */
export interface EncodedFrames {
  readonly regions: Pick<BodyRegions, 'typedPayloadDescriptors' | 'typedPayloadFrames'>;
  readonly kinds: number;
}

/**
 * As preview3 has them, unless there are several kinds: it does not say which payload is of which, preview4's
 * descriptors do, and are read in both.
 */
export function encodeFrames(frames: readonly TypedPayloadPart[]): EncodedFrames {
  const kinds = frames.reduce((union, { payloadKind }) => union | payloadKind, 0);
  const isOfOneKind = (kinds & (kinds - 1)) === 0;
  if (!isOfOneKind) return { regions: encodeInPreview4(frames), kinds };
  const plain = frames.map(({ payloadKind: _, ...frame }) => frame);
  return { regions: encodeTypedPayload(kinds, plain), kinds };
}

/** Throws a `TypeError` where a part is not as `encodeTensor` makes it. */
export function requireTensor(part: TensorPart): void {
  const given = part as Partial<TensorPart> | undefined | null;
  if (given?.kind !== 'tensor') {
    throw new TypeError(`a tensor must be a part of kind tensor, got ${describeValue(part)}`);
  }
  requireTypedBody(part);
}

export function noPart(value: unknown): TypeError {
  const kinds = 'text, event, tool, audio, video, bytes, tensor, summary';
  const must = `a part must be an object whose kind is one of ${kinds}`;
  return new TypeError(`${must}, got ${describeMember(value, 'kind')}`);
}

function requireText(text: string): string {
  if (typeof text === 'string') return text;
  throw new TypeError(`the text of a part must be a string, got ${describeValue(text)}`);
}

function bytesOf(bytes: Uint8Array): Uint8Array {
  return requireBytes(bytes, 'the bytes of a part');
}
