import { matcherOf } from '../../wire/codec/pattern';
import { MessageType } from '../../wire/message-type';
import { ResultClass, ResultPushMetadata } from '../../wire/messages/result-push';
import { packet, type Packet } from '../../wire/packet';
import { PacketTemplate } from '../../wire/packet-template';
import { USUAL_COMPLETE, USUAL_PARTIAL, type ResultPush } from './result';
import { TEXT_PARTIAL, textStart, TextResult } from '../content/text-result';
import { shapeOf } from '../content/typed-body';

const PARTIAL = new PacketTemplate(MessageType.ResultPush, ResultPushMetadata.encode(USUAL_PARTIAL));
const COMPLETE = new PacketTemplate(MessageType.ResultPush, ResultPushMetadata.encode(USUAL_COMPLETE));

/** Milliseconds that an operation took. */
type Times = Pick<ResultPushMetadata, 'queueMs' | 'inferenceMs' | 'serverTotalMs'>;

/** How many are kept: answers that take long hardly ever take equally long, and are not many a second. */
const MAX_TIMED = 256;
const timed = new Map<number, Readonly<ResultPushMetadata>>();
const timedTemplates = new WeakMap<Readonly<ResultPushMetadata>, PacketTemplate>();

/**
 * The usual metadata of an answer's end, with how long it took. Most of many short answers take equally long: these
 * have one object, which is encoded once.
 */
export function timedComplete(times: Times): Readonly<ResultPushMetadata> {
  const { queueMs, inferenceMs, serverTotalMs } = times;
  const key = (queueMs * 0x10000 + inferenceMs) * 0x10000 + serverTotalMs;
  const known = timed.get(key);
  if (known !== undefined) return known;
  const metadata = Object.freeze(ResultPushMetadata.of({ ...USUAL_COMPLETE, ...times }));
  if (timed.size >= MAX_TIMED) timed.clear();
  timed.set(key, metadata);
  const template = new PacketTemplate(MessageType.ResultPush, ResultPushMetadata.encode(metadata));
  timedTemplates.set(metadata, template);
  return metadata;
}

/**
 * RESULT_PUSH, as a session sends it; `record` is that of its revision. Throws an `NnrpError` where a field of the
 * metadata has no such value.
 */
export function resultPacket(sessionId: number, result: ResultPush, record = ResultPushMetadata): Packet {
  const text = result instanceof TextResult ? result.packet(sessionId) : undefined;
  if (text !== undefined) return text;
  const { frameId, metadata, body } = result;
  if (metadata === USUAL_PARTIAL) return PARTIAL.packet(sessionId, frameId, body);
  if (metadata === USUAL_COMPLETE) return COMPLETE.packet(sessionId, frameId, body);
  const template = timedTemplates.get(metadata);
  if (template !== undefined) return template.packet(sessionId, frameId, body);
  const fields = { messageType: MessageType.ResultPush, sessionId, frameId };
  return packet(fields, record.encode(metadata), body);
}

/** The metadata of nearly every result, and how their bytes are known. */
const USUAL = [TEXT_PARTIAL, USUAL_PARTIAL, USUAL_COMPLETE].map((value) => ({
  value,
  matches: matcherOf(ResultPushMetadata.encode(value)),
}));

/** The metadata of RESULT_PUSH, one object for all that are usual. Throws an `NnrpError`. */
export function readResultMetadata(bytes: Uint8Array): Readonly<ResultPushMetadata> {
  if (bytes.length === ResultPushMetadata.length) {
    for (const { value, matches } of USUAL) if (matches(bytes)) return value;
  }
  return ResultPushMetadata.decode(bytes);
}

/** Whether a result, as it is sent, is a part of an answer, which others follow. Throws an `NnrpError`. */
export function isPart({ header, metadata }: Packet): boolean {
  switch (header.messageType) {
    case MessageType.PartialResult:
      return true;
    case MessageType.ResultPush:
      return readResultMetadata(metadata).resultClass === ResultClass.Partial;
    default:
      return false;
  }
}

/** What a RESULT_PUSH would say of a part that is a PARTIAL_RESULT: its body describes itself, or is bytes. */
export function partMetadata(body: Uint8Array): Readonly<ResultPushMetadata> {
  if (textStart(body) !== undefined) return TEXT_PARTIAL;
  const shape = shapeOf(body);
  return shape === undefined ? USUAL_PARTIAL : { ...USUAL_PARTIAL, ...shape };
}

/** Whether a result's body has more bytes than so many. Most texts are a token: they need not be measured. */
export function exceeds(result: ResultPush, bytes: number): boolean {
  if (result instanceof TextResult && result.maxByteLength <= bytes) return false;
  return bodyBytes(result) > bytes;
}

/** Bytes of a result's body. */
export function bodyBytes(result: ResultPush): number {
  return result instanceof TextResult ? result.byteLength : result.body.length;
}
