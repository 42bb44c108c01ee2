import { MessageType, messageTypeName } from '../../wire/message-type';
import { ResultClass } from '../../wire/messages/result-push';
import type { Packet } from '../../wire/packet';
import { decodedMetadata, fieldsOf } from './packet-fields';

/** Fields that a line leaves out: what they say is said in another way, or is customary. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'header.messageType',
  'header.sessionId',
  'header.frameId',
  'metadata.resultClass',
  'metadata.resultFlags',
  'metadata.activeProfileId',
  'metadata.payloadKindBitmap',
  'metadata.payloadFrameCount',
  'metadata.sessionId',
  'metadata.serverSessionTag',
  'metadata.clientSessionTag',
  'metadata.sessionCloseTag',
  'metadata.relatedSessionId',
  'metadata.relatedFrameId',
]);

/** What SESSION_OPEN and its ack say by default; a line tells what is particular. */
const CUSTOMARY: Readonly<Record<string, string>> = {
  'metadata.statusCode': '200',
  'metadata.profileId': '2',
  'metadata.acceptedProfileId': '2',
  'metadata.priorityClass': 'Balanced (1)',
  'metadata.acceptedPriorityClass': 'Balanced (1)',
  'metadata.schemaId': '4097',
  'metadata.schemaVersion': '3',
  'metadata.defaultDeadlineMs': '500',
  'metadata.maxInFlightOperations': '4',
  'metadata.leaseTtlHintMs': '30000',
  'metadata.grantedOperationCredit': '4',
  'metadata.leaseTtlMs': '30000',
  'metadata.resumeWindowMs': '120000',
};

/** A client asks for less than a server has. */
const CUSTOMARY_OPEN: typeof CUSTOMARY = { ...CUSTOMARY, 'metadata.maxInFlightOperations': '1' };

/**
 * A packet in a line: what it is, whose, and what is particular about it.
 *
 * @example
 * describePacket(result(42, 1, 'del').partial()); // RESULT_PUSH session 42 frame 1 partial tokens "del"
 */
export function describePacket(packet: Packet): string {
  const { messageType, sessionId, frameId } = packet.header;
  const words = [messageTypeName(messageType)];
  if (sessionId !== 0) words.push(`session ${sessionId}`);
  if (frameId !== 0) words.push(`frame ${frameId}`);
  words.push(...finality(packet));
  const customary = messageType === MessageType.SessionOpen ? CUSTOMARY_OPEN : CUSTOMARY;
  for (const { path, shown, isZero } of fieldsOf(packet)) {
    if (isZero || LEFT_OUT.has(path) || customary[path] === shown) continue;
    if (path.endsWith('Bytes')) continue;
    words.push(path === 'body' ? shown : `${path.replace(/^(metadata|header|body)[.]/, '')} ${shown}`);
  }
  return words.join(' ');
}

/** Whether more results follow, of a packet that says so. */
function finality(packet: Packet): readonly string[] {
  if (packet.header.messageType !== MessageType.ResultPush) return [];
  switch (decodedMetadata(packet)?.['resultClass']) {
    case ResultClass.Partial:
      return ['partial'];
    case ResultClass.Complete:
      return ['complete'];
    default:
      return [];
  }
}
