import { enumU8, maskU32, maskU8, u16, u32, u64 } from '../codec/fields';
import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';

/** How urgent a session is. */
export const PriorityClass = enumeration('session_priority_class', {
  Interactive: 0,
  Balanced: 1,
  Background: 2,
});
export type PriorityClass = EnumerationValue<typeof PriorityClass>;

/** The answer of a SESSION_OPEN_ACK: accepted, resumed, or refused. */
export const SessionStatus = enumeration('session_status', {
  Opened: 0,
  Rejected: 1,
  RetryLater: 2,
  Resumed: 3,
});
export type SessionStatus = EnumerationValue<typeof SessionStatus>;

/** The wishes of a client, bits of SESSION_OPEN's `sessionFlags`. */
export const SessionFlag = {
  AllowResume: 0x1,
  AllowBackgroundResults: 0x2,
  AllowCacheLeases: 0x4,
  AllowSchemaOverride: 0x8,
} as const;

/** The wishes that a server grants, bits of SESSION_OPEN_ACK's `sessionFlagsAck`. */
export const SessionAckFlag = {
  ResumeEnabled: 0x01,
  BackgroundResultsEnabled: 0x02,
  CacheLeasesEnabled: 0x04,
  SchemaOverrideEnabled: 0x08,
  PriorityDowngraded: 0x10,
} as const;

/** Why a session was refused, or ended. An application may use codes of its own. */
export const SessionErrorCode = enumeration('session_error_code', {
  None: 0,
  AuthFailed: 0x10001,
  ProfileUnsupported: 0x10002,
  SchemaUnsupported: 0x10003,
  PriorityRejected: 0x10004,
  LeasePolicyRejected: 0x10005,
  ResumeRejected: 0x10006,
  SessionLimitReached: 0x10007,
});
export type SessionErrorCode = EnumerationValue<typeof SessionErrorCode>;

/** SESSION_OPEN (protocol section 4). Body: resume token ‖ auth ‖ session extension. */
export const SessionOpenMetadata = record({
  name: 'SessionOpenMetadata',
  length: 48,
  fields: {
    /** 0: the server chooses. */
    requestedSessionId: u32(0),
    profileId: u16(4),
    priorityClass: enumU8(6, PriorityClass),
    sessionFlags: maskU8(7, 0x0f),
    schemaId: u32(8),
    schemaVersion: u32(12),
    /** Milliseconds. */
    defaultDeadlineMs: u32(16),
    /** Operations. */
    maxInFlightOperations: u16(20),
    /** Milliseconds. */
    leaseTtlHintMs: u32(24),
    resumeTokenBytes: u32(28),
    authBytes: u32(32),
    sessionExtensionBytes: u32(36),
    clientSessionTag: u64(40),
  },
  reserved: { reserved0: u16(22) },
});
export type SessionOpenMetadata = RecordValue<typeof SessionOpenMetadata>;

/** SESSION_OPEN_ACK (protocol section 4). Body: resume token ‖ session extension. */
export const SessionOpenAckMetadata = record({
  name: 'SessionOpenAckMetadata',
  length: 56,
  fields: {
    /** 0 where the open was refused. */
    sessionId: u32(0),
    acceptedProfileId: u16(4),
    acceptedPriorityClass: enumU8(6, PriorityClass),
    sessionStatus: enumU8(7, SessionStatus),
    schemaId: u32(8),
    schemaVersion: u32(12),
    /** Operations that the client may have in flight, until a FLOW_UPDATE says otherwise. */
    grantedOperationCredit: u16(16),
    maxInFlightOperations: u16(18),
    /** Milliseconds. */
    leaseTtlMs: u32(20),
    /** Milliseconds that a session waits for its client to come back. */
    resumeWindowMs: u32(24),
    resumeTokenBytes: u32(28),
    sessionExtensionBytes: u32(32),
    serverSessionTag: u64(36),
    routeScopeId: u32(44),
    sessionErrorCode: u32(48),
    sessionFlagsAck: maskU32(52, 0x1f),
  },
});
export type SessionOpenAckMetadata = RecordValue<typeof SessionOpenAckMetadata>;
