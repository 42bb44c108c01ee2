import { MessageType } from '../../wire/message-type';
import { CloseReason, CloseStatus, InFlightPolicy } from '../../wire/messages/session-close';
import { TransportId, type SessionMigrateMetadata } from '../../wire/messages/session-migrate';
import {
  PatchAckStatus,
  type PatchRejectReason,
  type SessionPatchAckMetadata,
  type SessionPatchMetadata,
} from '../../wire/messages/session-patch';
import { RecordPacket, partsOf, recordPacket } from './built-packet';

type CloseType = typeof MessageType.SessionClose;

/** SESSION_CLOSE. */
export class SessionClosePacket extends RecordPacket<CloseType> {
  /** Gives up what is in flight. */
  abort(): SessionClosePacket {
    return this.with({ inFlightPolicy: InFlightPolicy.Abort });
  }

  /** Gives up what is in flight. */
  aborting(): SessionClosePacket {
    return this.with({ inFlightPolicy: InFlightPolicy.Abort });
  }

  /** Lets what is in flight finish, for so many milliseconds. */
  draining(drainTimeoutMs: number): SessionClosePacket {
    return this.with({ inFlightPolicy: InFlightPolicy.Drain, drainTimeoutMs });
  }
}

/**
 * SESSION_CLOSE as a client sends it (protocol section 10): client shutdown, drain without time for it,
 * tagged with the session's id. A server's says more: `sessionClose(42).with({ closeReason })`.
 */
export function sessionClose(sessionId: number, lastOperationId: number | bigint = 0): SessionClosePacket {
  return new SessionClosePacket(partsOf(MessageType.SessionClose, { sessionId }), {
    closeReason: CloseReason.ClientShutdown,
    inFlightPolicy: InFlightPolicy.Drain,
    lastOperationId: BigInt(lastOperationId),
    sessionCloseTag: sessionId,
  });
}

type CloseAckType = typeof MessageType.SessionCloseAck;

/** SESSION_CLOSE_ACK; by default the session is closed. */
export class SessionCloseAckPacket extends RecordPacket<CloseAckType> {
  /** What is in flight may finish. */
  draining(): SessionCloseAckPacket {
    return this.with({ closeStatus: CloseStatus.Draining });
  }
}

/** SESSION_CLOSE_ACK of a session that is closed; `.draining()` of one that ends its operations first. */
export function sessionCloseAck(
  sessionId: number,
  lastOperationId: number | bigint = 0,
): SessionCloseAckPacket {
  return new SessionCloseAckPacket(partsOf(MessageType.SessionCloseAck, { sessionId }), {
    closeStatus: CloseStatus.Closed,
    lastOperationId: BigInt(lastOperationId),
  });
}

/** SESSION_PATCH; `patchMask` says which of the fields ask for a change. */
export function patch(
  sessionId: number,
  fields: Partial<SessionPatchMetadata> = {},
): RecordPacket<typeof MessageType.SessionPatch> {
  return recordPacket(MessageType.SessionPatch, { sessionId }, fields);
}

type PatchAckType = typeof MessageType.SessionPatchAck;

/** SESSION_PATCH_ACK; by default it accepts. */
export class PatchAckPacket extends RecordPacket<PatchAckType> {
  /** Refuses the fields that the mask names. */
  rejected(rejectReason: PatchRejectReason, rejectedPatchMask: number): PatchAckPacket {
    return this.with({
      ackStatus: PatchAckStatus.Rejected,
      rejectReason,
      appliedPatchMask: 0,
      rejectedPatchMask,
    });
  }
}

/** SESSION_PATCH_ACK that accepts what `appliedPatchMask` names. */
export function patchAck(sessionId: number, fields: Partial<SessionPatchAckMetadata> = {}): PatchAckPacket {
  return new PatchAckPacket(partsOf(MessageType.SessionPatchAck, { sessionId }), fields);
}

/** SESSION_MIGRATE, from TCP to QUIC unless `fields` say otherwise: the two that preview3 can name. */
export function migrate(
  sessionId: number,
  lastResultFrameId: number | bigint = 0,
  fields: Partial<SessionMigrateMetadata> = {},
): RecordPacket<typeof MessageType.SessionMigrate> {
  return recordPacket(
    MessageType.SessionMigrate,
    { sessionId },
    {
      oldTransportId: TransportId.Tcp,
      newTransportId: TransportId.Quic,
      lastResultFrameId: BigInt(lastResultFrameId),
      ...fields,
    },
  );
}

type MigrateAckType = typeof MessageType.SessionMigrateAck;

/** SESSION_MIGRATE_ACK; by default it accepts. */
export class MigrateAckPacket extends RecordPacket<MigrateAckType> {
  /** Refuses, with a code that is not 0. */
  refused(acceptCode: number): MigrateAckPacket {
    return this.with({ acceptCode });
  }
}

/** SESSION_MIGRATE_ACK; the server's clock, in microseconds, is not said: `.with({ serverMigrateTsUs })`. */
export function migrateAck(sessionId: number, resumeFromFrameId: number | bigint = 0): MigrateAckPacket {
  return new MigrateAckPacket(partsOf(MessageType.SessionMigrateAck, { sessionId }), {
    resumeFromFrameId: BigInt(resumeFromFrameId),
  });
}
