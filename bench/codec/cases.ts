import { CommonHeader, HEADER_LENGTH } from '../../src/wire/header';
import { MessageType } from '../../src/wire/message-type';
import { FrameSubmitMetadata } from '../../src/wire/messages/frame-submit';
import { ResultPushMetadata } from '../../src/wire/messages/result-push';
import { encodePacket } from '../../src/wire/encode-packet';
import { packet } from '../../src/wire/packet';
import { PacketDecoder } from '../../src/wire/packet-decoder';
import { preview4 } from '../../src/wire/preview4';
import * as minimum from './minimum';

export const CODEC_CASES = [
  'decode FRAME_SUBMIT',
  'encode FRAME_SUBMIT',
  'decode RESULT_PUSH',
  'encode RESULT_PUSH',
  'cut a stream into packets',
] as const;
export type CodecCase = (typeof CODEC_CASES)[number];
/** What a handler answers in parts is a RESULT_PUSH each in preview3, and a PARTIAL_RESULT in preview4. */
export type CodecSide = 'nnrp-rx' | 'nnrp-rx preview4' | 'DataView';

/** Packets that a case reads or writes in one call. */
export const PACKETS = 64;

const BODY_BYTES = 64;
const submits = chunk(MessageType.FrameSubmit, FrameSubmitMetadata.encode(FrameSubmitMetadata.of()));
const results = chunk(
  MessageType.ResultPush,
  ResultPushMetadata.encode(ResultPushMetadata.of({ statusCode: 200, resultClass: 1, resultFlags: 4 })),
);

const { FrameSubmitMetadata: Preview4Submit, PartialResultMetadata } = preview4.records;
const preview4Submits = chunk(
  MessageType.FrameSubmit,
  Preview4Submit.encode(Preview4Submit.of({ operationId: 1n })),
);
const parts = chunk(
  MessageType.PartialResult,
  PartialResultMetadata.encode(
    PartialResultMetadata.of({ operationId: 1n, resultSequence: 1n, bodyBytes: BODY_BYTES }),
  ),
);

/** What was decoded goes here, so that nothing is left out because nobody wants it. */
export const kept: { value: unknown } = { value: undefined };

/**
 * A case as a function that handles {@link PACKETS} packets; its header and its metadata, one after the
 * other, as a peer has to. What is encoded goes into bytes that are there, on both sides.
 */
export function codecCase(which: CodecCase, side: CodecSide): () => void {
  if (side === 'nnrp-rx preview4') return preview4Case(which);
  const isOurs = side === 'nnrp-rx';
  switch (which) {
    case 'decode FRAME_SUBMIT':
      return isOurs
        ? decoding(submits, FrameSubmitMetadata)
        : minimalDecoding(submits, (view, at) => minimum.readSubmit(view, at));
    case 'decode RESULT_PUSH':
      return isOurs
        ? decoding(results, ResultPushMetadata)
        : minimalDecoding(results, (view, at) => minimum.readResult(view, at));
    case 'encode FRAME_SUBMIT':
      return isOurs
        ? encoding(submits, FrameSubmitMetadata)
        : minimalEncoding(submits, minimum.readSubmit, minimum.writeSubmit);
    case 'encode RESULT_PUSH':
      return isOurs
        ? encoding(results, ResultPushMetadata)
        : minimalEncoding(results, minimum.readResult, minimum.writeResult);
    case 'cut a stream into packets':
      return isOurs ? cutting() : minimalCutting();
  }
}

function preview4Case(which: CodecCase): () => void {
  switch (which) {
    case 'decode FRAME_SUBMIT':
      return decoding(preview4Submits, Preview4Submit);
    case 'encode FRAME_SUBMIT':
      return encoding(preview4Submits, Preview4Submit);
    case 'decode RESULT_PUSH':
      return decoding(parts, PartialResultMetadata);
    case 'encode RESULT_PUSH':
      return encoding(parts, PartialResultMetadata);
    case 'cut a stream into packets':
      return cutting();
  }
}

function chunk(messageType: MessageType, metadata: Uint8Array): Uint8Array {
  const packets = Array.from({ length: PACKETS }, (_, index) =>
    encodePacket(
      packet({ messageType, sessionId: 1, frameId: index + 1 }, metadata, new Uint8Array(BODY_BYTES)),
    ),
  );
  const bytes = new Uint8Array(packets.reduce((total, { length }) => total + length, 0));
  for (const [index, one] of packets.entries()) bytes.set(one, index * one.length);
  return bytes;
}

interface Codec<T> {
  decode(bytes: Uint8Array, at?: number): T;
  encodeInto(value: T, bytes: Uint8Array, at?: number): void;
}

function decoding<T>(bytes: Uint8Array, record: Codec<T>): () => void {
  const step = bytes.length / PACKETS;
  return () => {
    for (let at = 0; at < bytes.length; at += step) {
      kept.value = CommonHeader.decode(bytes, at);
      kept.value = record.decode(bytes, at + HEADER_LENGTH);
    }
  };
}

function minimalDecoding(bytes: Uint8Array, read: (view: DataView, at: number) => unknown): () => void {
  const step = bytes.length / PACKETS;
  const view = viewOf(bytes);
  return () => {
    for (let at = 0; at < bytes.length; at += step) {
      kept.value = minimum.readHeader(view, at);
      kept.value = read(view, at + HEADER_LENGTH);
    }
  };
}

function encoding<T>(bytes: Uint8Array, record: Codec<T>): () => void {
  const step = bytes.length / PACKETS;
  const to = new Uint8Array(bytes.length);
  const header = CommonHeader.decode(bytes);
  const metadata = record.decode(bytes, HEADER_LENGTH);
  return () => {
    for (let at = 0; at < to.length; at += step) {
      CommonHeader.encodeInto(header, to, at);
      record.encodeInto(metadata, to, at + HEADER_LENGTH);
    }
    kept.value = to;
  };
}

function minimalEncoding<T>(
  bytes: Uint8Array,
  read: (view: DataView, at: number) => T,
  write: (value: T, view: DataView, at: number) => void,
): () => void {
  const step = bytes.length / PACKETS;
  const to = new Uint8Array(bytes.length);
  const view = viewOf(to);
  const header = minimum.readHeader(viewOf(bytes), 0);
  const metadata = read(viewOf(bytes), HEADER_LENGTH);
  return () => {
    for (let at = 0; at < to.length; at += step) {
      minimum.writeHeader(header, view, at);
      write(metadata, view, at + HEADER_LENGTH);
    }
    kept.value = to;
  };
}

function cutting(): () => void {
  const decoder = new PacketDecoder();
  return () => {
    kept.value = decoder.push(submits);
  };
}

function minimalCutting(): () => void {
  return () => {
    kept.value = minimum.cut(submits);
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
