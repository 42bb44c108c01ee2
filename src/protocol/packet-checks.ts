import { NnrpError } from '../wire/errors';
import { firstRow } from '../wire/message';
import { MessageType, messageTypeName } from '../wire/message-type';
import type { Packet } from '../wire/packet';
import { protocolError, unexpectedMessage, type RuntimeError } from './runtime-error';

/** Which end checks; errors name it. */
export type Role = 'server' | 'client';

/**
 * Throws a `RuntimeError`, `unexpected-message`, where a packet is of another type, or of none of several.
 */
export function checkMessageType(
  packet: Packet,
  expected: MessageType | readonly MessageType[],
  role: Role,
): void {
  const { messageType } = packet.header;
  if (typeof expected === 'number' ? messageType === expected : expected.includes(messageType)) return;
  const names = (typeof expected === 'number' ? [expected] : expected).map(messageTypeName);
  throw unexpectedMessage(`${role} expected ${oneOf(names)}`);
}

/**
 * Throws a `RuntimeError` where a packet belongs to another session: `unexpected-message`, or for
 * FLOW_UPDATE, which finds its session by itself, `protocol` with the cause `UnknownSession`.
 */
export function checkSession({ header }: Packet, sessionId: number, role: Role): void {
  if (header.sessionId === sessionId) return;
  if (header.messageType === MessageType.FlowUpdate) {
    throw protocolError(new NnrpError({ kind: 'UnknownSession', sessionId: header.sessionId }));
  }
  throw foreignSession(header.messageType, role);
}

/** What a packet of a session that is not this one is answered with. */
export function foreignSession(type: MessageType, role: Role): RuntimeError {
  const name = firstRow(type)?.shortName ?? messageTypeName(type);
  return unexpectedMessage(`${role} received ${name} for another session`);
}

/** What a packet is answered with whose type its connection's revision does not know. */
export function unknownMessage(type: number): RuntimeError {
  return protocolError(new NnrpError({ kind: 'UnknownMessageType', actual: type }));
}

/** Throws a `RuntimeError`, `unexpected-message`, where the metadata is not exactly as long as its record. */
export function checkMetadataLength({ header, metadata }: Packet, length: number, role: Role): void {
  if (metadata.length !== length) {
    throw unexpectedMessage(
      `${role} received malformed ${messageTypeName(header.messageType)} metadata length`,
    );
  }
}

/**
 * Throws a `RuntimeError` where a packet is more than its header: `unexpected-message`, or for
 * RESULT_DROP, PING and PONG `protocol` with the cause `InvalidProtocolCombination`.
 */
export function checkHeaderOnly({ header }: Packet, role: Role): void {
  if (header.metaLen === 0 && header.bodyLen === 0) return;
  const rule = firstRow(header.messageType)?.headerOnlyRule;
  if (rule !== undefined) throw protocolError(new NnrpError({ kind: 'InvalidProtocolCombination', rule }));
  throw unexpectedMessage(`${role} received malformed ${messageTypeName(header.messageType)} lengths`);
}

/** `A`, `A or B`, `A, B, or C`. */
function oneOf(names: readonly string[]): string {
  if (names.length <= 2) return names.join(' or ');
  return `${names.slice(0, -1).join(', ')}, or ${names.at(-1)}`;
}
