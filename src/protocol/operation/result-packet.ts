import { MessageType } from '../../wire/message-type';
import { ResultPushMetadata } from '../../wire/messages/result-push';
import { packet, type Packet } from '../../wire/packet';
import { PacketTemplate } from '../../wire/packet-template';
import { USUAL_COMPLETE, USUAL_PARTIAL, type ResultPush } from './result';
import { TextResult } from './text-result';

const PARTIAL = new PacketTemplate(MessageType.ResultPush, ResultPushMetadata.encode(USUAL_PARTIAL));
const COMPLETE = new PacketTemplate(MessageType.ResultPush, ResultPushMetadata.encode(USUAL_COMPLETE));

/** RESULT_PUSH, as a session sends it. Throws an `NnrpError` where a field of the metadata has no such value. */
export function resultPacket(sessionId: number, result: ResultPush): Packet {
  const text = result instanceof TextResult ? result.packet(sessionId) : undefined;
  if (text !== undefined) return text;
  const { frameId, metadata, body } = result;
  if (metadata === USUAL_PARTIAL) return PARTIAL.packet(sessionId, frameId, body);
  if (metadata === USUAL_COMPLETE) return COMPLETE.packet(sessionId, frameId, body);
  const fields = { messageType: MessageType.ResultPush, sessionId, frameId };
  return packet(fields, ResultPushMetadata.encode(metadata), body);
}

/** Bytes of a result's body. */
export function bodyBytes(result: ResultPush): number {
  return result instanceof TextResult ? result.byteLength : result.body.length;
}
