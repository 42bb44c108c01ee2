import { cutText } from '../cut-text';
import type { Progress } from '../operation/progress';
import { readUtf8 } from '../../wire/bytes/utf8';
import type { MessageOf } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import { packet, type Packet } from '../../wire/packet';
import { PERCENT_UNKNOWN, ProgressMetadata } from '../../wire/preview4/results';
import { operationIdOf, type AnsweredOperation } from './answers';

/** PROGRESS of preview4, number `sequence` of its operation. */
export function progressPacket(
  sessionId: number,
  operation: AnsweredOperation,
  { percent, stage = 0, text = '' }: Progress,
  sequence: number,
): Packet {
  const body = cutText(text);
  const metadata = ProgressMetadata.of({
    operationId: operationIdOf(operation),
    progressSequence: BigInt(sequence),
    stageCode: stage,
    percentX100: percent === undefined ? PERCENT_UNKNOWN : Math.round(percent * 100),
    bodyBytes: body.length,
  });
  const fields = { messageType: MessageType.Progress, sessionId, frameId: operation.frameId };
  return packet(fields, ProgressMetadata.encode(metadata), body);
}

/** What it says. */
export function progressOf({ metadata, body }: MessageOf<typeof MessageType.Progress>): Progress {
  const { percentX100, stageCode: stage } = metadata;
  const percent = percentX100 === PERCENT_UNKNOWN ? undefined : percentX100 / 100;
  return { percent, stage, text: readUtf8(body) };
}
