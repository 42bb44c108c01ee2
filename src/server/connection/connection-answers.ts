import { negotiateHello, type ServerCapabilities } from '../../protocol/capability/capability';
import { pongPacket } from '../../protocol/ping';
import { unexpectedMessage, type RuntimeError } from '../../protocol/runtime-error';
import type { CommonHeader } from '../../wire/header';
import { MessageType } from '../../wire/message-type';
import { ErrorScope } from '../../wire/messages/error-message';
import { ClientHelloMetadata, ServerHelloAckMetadata } from '../../wire/messages/hello';
import { TransportProbeAckMetadata, TransportProbeMetadata } from '../../wire/messages/transport-probe';
import { packet, type Packet } from '../../wire/packet';
import { microseconds } from '../../protocol/microseconds';
import { errorPacket, LIMIT_CODE, VIOLATION_CODE } from './error-packet';
import type { Excess } from '../limits/connection-limits';

// What packets of connection scope are answered with. Each throws where a field of its packet is not allowed.

export function pong(ping: Packet): Packet {
  return pongPacket(ping.header.frameId);
}

/** `now` in milliseconds since 1970. */
export function probeAck(probe: Packet, now: number): Packet {
  const { probeId } = TransportProbeMetadata.decode(probe.metadata);
  const ack = TransportProbeAckMetadata.encode({ probeId, serverRecvTsUs: microseconds(now) });
  return packet({ messageType: MessageType.TransportProbeAck }, ack);
}

/** Throws also where client and server have nothing in common to go on with. */
export function helloAck(hello: Packet, capabilities: ServerCapabilities): Packet {
  const outcome = negotiateHello(ClientHelloMetadata.decode(hello.metadata), capabilities);
  if (outcome.kind === 'refused') {
    throw unexpectedMessage(`server has no ${outcome.reason} in common with the client`);
  }
  // No session is open yet, and one lane at least there is.
  const ack = { ...outcome.ack, sessionId: 0, maxLaneCount: Math.max(1, outcome.ack.maxLaneCount) };
  return packet({ messageType: MessageType.ServerHelloAck }, ServerHelloAckMetadata.encode(ack));
}

/** ERROR for a packet that was not served: of its session's scope, or of the connection's. */
export function refusal(cause: CommonHeader, error: RuntimeError, { isFatal }: { isFatal: boolean }): Packet {
  const errorScope = cause.sessionId === 0 ? ErrorScope.Connection : ErrorScope.Session;
  // What code of the application's has thrown is not for strangers.
  const diagnostic = error.kind === 'internal' ? 'the server failed' : error.message;
  return errorPacket(cause, { errorCode: VIOLATION_CODE, errorScope, isFatal }, diagnostic);
}

/** ERROR of the connection, fatal: which limit the peer has met. */
export function farewell({ limit, allowed }: Excess): Packet {
  const text = `the server's limit ${limit} (${allowed}) was exceeded`;
  const { header } = packet({ messageType: MessageType.Error });
  const fields = { errorCode: LIMIT_CODE, errorScope: ErrorScope.Connection, isFatal: true };
  return errorPacket(header, fields, text);
}
