import { enumU16, enumU8, u16, u32, u64, u8 } from '../codec/fields';
import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';

/** Why a session is closed. */
export const CloseReason = enumeration('close_reason', {
  Normal: 0,
  ClientShutdown: 1,
  ServerShutdown: 2,
  IdleTimeout: 3,
  ProtocolError: 4,
  AuthRevoked: 5,
});
export type CloseReason = EnumerationValue<typeof CloseReason>;

/** The fate of operations in flight: finished, or given up. */
export const InFlightPolicy = enumeration('in_flight_policy', { Drain: 0, Abort: 1 });
export type InFlightPolicy = EnumerationValue<typeof InFlightPolicy>;

/** The answer of a SESSION_CLOSE_ACK. */
export const CloseStatus = enumeration('close_status', {
  Acknowledged: 0,
  Draining: 1,
  Closed: 2,
  Rejected: 3,
});
export type CloseStatus = EnumerationValue<typeof CloseStatus>;

/** SESSION_CLOSE (protocol section 4). */
export const SessionCloseMetadata = record({
  name: 'SessionCloseMetadata',
  length: 24,
  fields: {
    closeReason: enumU16(0, CloseReason),
    inFlightPolicy: enumU8(2, InFlightPolicy),
    /** Milliseconds. */
    drainTimeoutMs: u32(4),
    lastOperationId: u64(8),
    sessionErrorCode: u32(16),
    sessionCloseTag: u32(20),
  },
  reserved: { reserved0: u8(3) },
});
export type SessionCloseMetadata = RecordValue<typeof SessionCloseMetadata>;

/** SESSION_CLOSE_ACK (protocol section 4). */
export const SessionCloseAckMetadata = record({
  name: 'SessionCloseAckMetadata',
  length: 16,
  fields: {
    closeStatus: enumU8(0, CloseStatus),
    lastOperationId: u64(4),
    sessionErrorCode: u32(12),
  },
  reserved: { reserved0: u8(1), reserved1: u16(2) },
});
export type SessionCloseAckMetadata = RecordValue<typeof SessionCloseAckMetadata>;
