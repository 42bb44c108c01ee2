import {
  checkObjectRefMask,
  checkSubmitReferences,
  CommonHeader,
  decodeMessage,
  decodeObjectReferences,
  decodePacket,
  decodeTypedPayload,
  encodePacket,
  HEADER_LENGTH,
  MessageType,
  NnrpError,
  PacketDecoder,
  preview3,
  splitBody,
  type AnyMessage,
  type Packet,
  type WireRecord,
} from '../../../src/wire';
import { interpretCodec } from '../../../src/wire/codec/interpreted';
import type { Codec } from '../../../src/wire/codec/layout';
import { decodeSessionExtension } from '../../../src/protocol/session/session-extension';
import { openBlocks } from '../../../src/protocol/session/open-blocks';

/** What came of bytes, so that a run can show that it has tried more than the first check. */
export type Verdict = 'no packet' | 'no metadata' | 'body refused' | 'accepted';

interface Pair {
  readonly record: WireRecord<object>;
  readonly interpreted: Codec<object>;
}

/** Both codecs of each record: the one of generated code, and the one that walks the layout. */
const codecs = new Map<number, Pair>(
  preview3.messages.flatMap((row, type) => {
    if (row?.record === undefined) return [];
    const record = row.record as WireRecord<object>;
    return [[type, { record, interpreted: interpretCodec(record.definition) }]];
  }),
);

/**
 * Runs bytes through everything that reads them. Throws where one of it throws what is no `NnrpError`,
 * where two ways to read the same bytes differ, or where what was accepted does not encode to what it was.
 */
export function examine(bytes: Uint8Array): Verdict {
  const packet = attempt(() => decodePacket(bytes));
  examineDecoder(bytes, packet);
  if (packet === undefined) return 'no packet';
  requireSame(encodePacket(packet), bytes, 'the packet');
  const message = attempt(() => decodeMessage(packet));
  examineRecord(packet, message !== undefined);
  if (message === undefined) return 'no metadata';
  return attempt(() => readBody(message)) === undefined ? 'body refused' : 'accepted';
}

/** A decoder finds the packet as well, and never what is none. */
function examineDecoder(bytes: Uint8Array, packet: Packet | undefined): void {
  const decoder = new PacketDecoder();
  const [first, ...others] = decoder.push(bytes);
  if (packet === undefined) {
    if (first !== undefined)
      requireSame(encodePacket(first), bytes.subarray(0, lengthOf(first)), 'the first packet');
    else if (bytes.length >= HEADER_LENGTH && decoder.fault === undefined && !decoder.isInsidePacket) {
      throw new Error('the decoder has lost a packet');
    }
    return;
  }
  if (decoder.fault !== undefined) {
    if (decoder.fault.kind !== 'MessageLengthOverflow') throw new Error('the decoder refuses a whole packet');
    return;
  }
  if (first === undefined || others.length > 0) throw new Error('the decoder does not find the one packet');
  requireSame(encodePacket(first), bytes, 'the packet of the decoder');
}

/** The two codecs agree, and what they accept encodes to the bytes that it was. */
function examineRecord({ header, metadata }: Packet, isAccepted: boolean): void {
  const pair = codecs.get(header.messageType);
  if (pair === undefined) return;
  const { record, interpreted } = pair;
  const value = attempt(() => interpreted.decode(metadata, 0));
  if ((value !== undefined) !== isAccepted) throw new Error(`the codecs of ${record.name} do not agree`);
  if (value !== undefined)
    requireSame(record.encode(value), metadata.subarray(0, record.length), record.name);
}

/** Reads a body as whoever gets the message would; `true`, as `undefined` says that it was refused. */
function readBody(message: AnyMessage): true {
  switch (message.messageType) {
    case MessageType.FrameSubmit: {
      const { metadata, body } = message;
      checkObjectRefMask(metadata.submitMode, metadata.objectRefMask);
      const regions = splitBody(body);
      checkSubmitReferences(decodeObjectReferences(regions.objectReferences), metadata);
      decodeTypedPayload(metadata, regions.typedPayloadDescriptors, regions.typedPayloadFrames);
      return true;
    }
    case MessageType.ResultPush: {
      const regions = splitBody(message.body);
      decodeTypedPayload(message.metadata, regions.typedPayloadDescriptors, regions.typedPayloadFrames);
      return true;
    }
    case MessageType.SessionOpen: {
      const blocks = openBlocks(message.metadata, message.body);
      decodeSessionExtension(blocks.extension);
      return true;
    }
    default:
      decodeSessionExtension(message.body);
      return true;
  }
}

/** Undefined where `action` throws an `NnrpError`; any other error is the finding. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof NnrpError) return undefined;
    throw error;
  }
}

function requireSame(encoded: Uint8Array, bytes: Uint8Array, what: string): void {
  if (Buffer.compare(encoded, bytes) !== 0)
    throw new Error(`${what} does not encode to what it was decoded from`);
}

function lengthOf({ header }: Packet): number {
  return CommonHeader.length + header.metaLen + header.bodyLen;
}
