import { bitmapOf } from '../../protocol/capability/bitmap';
import { VERSION_MAJOR, WIRE_FORMAT } from '../../wire/header';
import { MessageType } from '../../wire/message-type';
import { ErrorScope } from '../../wire/messages/error-message';
import type { ClientHelloMetadata, ServerHelloAckMetadata } from '../../wire/messages/hello';
import { PAYLOAD_KINDS, Profile } from '../../wire/messages/payload-kind';
import { EMPTY } from '../../wire/packet';
import { headerPacket, RecordPacket, partsOf, recordPacket, type BuiltPacket } from './built-packet';
import type { Bytes } from './bytes';

/** CLIENT_HELLO of a client that speaks NNRP/1, has the token profile and takes every kind of payload. */
export function clientHello(
  fields: Partial<ClientHelloMetadata> = {},
): RecordPacket<typeof MessageType.ClientHello> {
  return recordPacket(
    MessageType.ClientHello,
    {},
    {
      minVersionMajor: VERSION_MAJOR,
      maxVersionMajor: VERSION_MAJOR,
      supportedWireFormatBitmap: 1 << WIRE_FORMAT,
      supportedProfileBitmap: bitmapOf([Profile.Token]),
      supportedPayloadKindBitmap: PAYLOAD_KINDS,
      ...fields,
    },
  );
}

/** SERVER_HELLO_ACK of a server with its default options, as it answers `clientHello()`. */
export function serverHelloAck(
  fields: Partial<ServerHelloAckMetadata> = {},
): RecordPacket<typeof MessageType.ServerHelloAck> {
  return recordPacket(
    MessageType.ServerHelloAck,
    {},
    {
      selectedVersionMajor: VERSION_MAJOR,
      selectedWireFormat: WIRE_FORMAT,
      acceptedProfileBitmap: bitmapOf([Profile.Token]),
      acceptedPayloadKindBitmap: PAYLOAD_KINDS,
      maxLaneCount: 1,
      maxConcurrentFrames: 4,
      maxBodyBytes: 64 * 1024 * 1024,
      tokenTtlMs: 120_000,
      ...fields,
    },
  );
}

/** PING. */
export function ping(frameId = 0): BuiltPacket {
  return headerPacket(MessageType.Ping, { frameId });
}

/** PONG: the answer to the PING of the same frame id. */
export function pong(frameId = 0): BuiltPacket {
  return headerPacket(MessageType.Pong, { frameId });
}

/** CLOSE: the connection ends. */
export function close(diagnostic: Bytes = EMPTY): BuiltPacket {
  return headerPacket(MessageType.Close, {}, diagnostic);
}

/** TRANSPORT_PROBE. */
export function probe(
  probeId: number,
  payload: Bytes = EMPTY,
): RecordPacket<typeof MessageType.TransportProbe> {
  return recordPacket(MessageType.TransportProbe, {}, { probeId }, payload);
}

/** TRANSPORT_PROBE_ACK; `serverRecvTsUs` is the server's clock in microseconds. */
export function probeAck(
  probeId: number,
  serverRecvTsUs: number | bigint = 0,
): RecordPacket<typeof MessageType.TransportProbeAck> {
  return recordPacket(MessageType.TransportProbeAck, {}, { probeId, serverRecvTsUs: BigInt(serverRecvTsUs) });
}

type ErrorType = typeof MessageType.Error;

/** ERROR. */
export class ErrorPacket extends RecordPacket<ErrorType> {
  /** Concerns a frame, and the view that it was submitted for. */
  ofFrame(viewId = 0): ErrorPacket {
    return this.withHeader({ viewId }).with({ errorScope: ErrorScope.Frame, relatedViewId: viewId });
  }

  /** Nothing can go on after it. */
  fatal(): ErrorPacket {
    return this.with({ isFatal: true });
  }
}

/** What an ERROR concerns: 0 is the connection. */
export interface ErrorPlace {
  readonly sessionId?: number;
  readonly frameId?: number;
}

/**
 * ERROR as this project's server answers a packet: of the scope that the place says, session or
 * connection, with the ids of the packet that it answers.
 *
 * @example
 * error({ sessionId: 42, frameId: 7 }, VIOLATION_CODE, 'operation 7 is unknown')
 */
export function error(
  { sessionId = 0, frameId = 0 }: ErrorPlace,
  errorCode: number,
  diagnostic: Bytes = EMPTY,
): ErrorPacket {
  return new ErrorPacket(partsOf(MessageType.Error, { sessionId, frameId }, diagnostic), {
    errorCode,
    errorScope: sessionId === 0 ? ErrorScope.Connection : ErrorScope.Session,
    relatedSessionId: sessionId,
    relatedFrameId: frameId,
  });
}
