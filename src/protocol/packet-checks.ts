import { NnrpError } from '../wire/errors';
import { firstRow } from '../wire/message';
import { messageTypeName, type MessageType } from '../wire/message-type';
import type { Packet } from '../wire/packet';
import type { MessageRow, Revision } from '../wire/revision';
import { protocolError, unexpectedMessage, type RuntimeError } from './runtime-error';

/** Which end checks; errors name it. */
export type Role = 'server' | 'client';

/**
 * Judges a packet that came, by its row in the table of messages: a type that the revision does not know,
 * one that its sender has no business to send, a scope that is not its own, lengths that are not those of its record, and
 * a body that says more than it may.
 */
export function packetFault(packet: Packet, { messages }: Revision, role: Role): RuntimeError | undefined {
  const { messageType, sessionId } = packet.header;
  const row = messages[messageType];
  if (row === undefined) return unknownMessage(messageType);
  if (row.sender === role || !isOfScope(row, sessionId)) return unexpectedType(messageType, role);
  const { length } = packet.body;
  if (packet.metadata.length !== (row.record?.length ?? 0) || (row.body === 'none' && length > 0))
    return malformed(messageType, row, role);
  return length > row.mostBody ? tooMuchSaid(messageType, row) : undefined;
}

/** The answer to a packet whose type has no place here. */
export function unexpectedType(type: MessageType, role: Role): RuntimeError {
  return unexpectedMessage(`${role} received unexpected ${messageTypeName(type)}`);
}

/** Where no message may come to: a switch by type that lacks one does not compile. */
export function unhandled(type: never, role: Role): never {
  throw unexpectedType(type, role);
}

/** The answer to a packet of a session that is not this one. */
export function foreignSession(type: MessageType, role: Role): RuntimeError {
  const name = firstRow(type)?.shortName ?? messageTypeName(type);
  return unexpectedMessage(`${role} received ${name} for another session`);
}

/** The answer to a packet whose type its connection's revision does not know. */
export function unknownMessage(type: number): RuntimeError {
  return protocolError(new NnrpError({ kind: 'UnknownMessageType', actual: type }));
}

function isOfScope({ scope }: MessageRow, sessionId: number): boolean {
  switch (scope) {
    case 'connection':
      return sessionId === 0;
    case 'session':
    case 'operation':
      return sessionId !== 0;
    case 'opening':
    case 'any':
      return true;
  }
}

/** More than anybody has to say with such a message. */
function tooMuchSaid(type: MessageType, { mostBody }: MessageRow): RuntimeError {
  const rule = `the body of ${messageTypeName(type)} has ${mostBody} bytes at most`;
  return protocolError(new NnrpError({ kind: 'InvalidProtocolCombination', rule }));
}

function malformed(
  type: MessageType,
  { record, body, headerOnlyRule: rule }: MessageRow,
  role: Role,
): RuntimeError {
  if (rule !== undefined) return protocolError(new NnrpError({ kind: 'InvalidProtocolCombination', rule }));
  const what = record === undefined && body === 'none' ? 'lengths' : 'metadata length';
  return unexpectedMessage(`${role} received malformed ${messageTypeName(type)} ${what}`);
}
