import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { FlowUpdateMetadata } from '../../../src/wire/messages/flow-update';
import { ResultClass, ResultPushMetadata } from '../../../src/wire/messages/result-push';
import { SessionOpenAckMetadata, type SessionStatus } from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';

/** A packet in a few words. */
export function describePacket({ header, metadata, body }: Packet): string {
  const { messageType, sessionId, frameId } = header;
  const where = sessionId === 0 ? '' : ` s${sessionId}`;
  const what = frameId === 0 ? '' : ` f${frameId}`;
  const bytes = body.length === 0 ? '' : ` ${body.length} B`;
  return `${messageTypeName(messageType)}${where}${what}${bytes}${details(messageType, metadata)}`;
}

function details(messageType: MessageType, metadata: Uint8Array): string {
  switch (messageType) {
    case MessageType.ResultPush: {
      const { resultClass } = ResultPushMetadata.decode(metadata);
      return resultClass === ResultClass.Partial ? ' partial' : ' last';
    }
    case MessageType.SessionOpenAck: {
      const { sessionStatus, sessionId } = SessionOpenAckMetadata.decode(metadata);
      return ` ${statusName(sessionStatus)} ${sessionId}`;
    }
    case MessageType.FlowUpdate: {
      const { connectionCredit, sessionCredit, backpressureLevel } = FlowUpdateMetadata.decode(metadata);
      return ` credit ${connectionCredit}/${sessionCredit} level ${backpressureLevel}`;
    }
    default:
      return '';
  }
}

export function statusName(status: SessionStatus): string {
  return ['opened', 'rejected', 'retry later', 'resumed'][status] ?? String(status);
}
