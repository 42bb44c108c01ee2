import type { Message } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import {
  PatchAckStatus,
  type PatchRejectReason,
  SessionPatchAckMetadata,
  type SessionPatchMetadata,
} from '../../wire/messages/session-patch';
import { SessionMigrateAckMetadata, type SessionMigrateMetadata } from '../../wire/messages/session-migrate';
import { ownBytes } from '../../wire/own-bytes';
import { EMPTY } from '../../wire/packet';
import type { MigrateRequest, PatchRequest } from './messages';

/** Sends an ack of the session that the request came from. */
export type AckSender<T> = (metadata: T, body: Uint8Array) => void;

export class ReceivedPatch implements PatchRequest {
  readonly messageType = MessageType.SessionPatch;
  readonly metadata: SessionPatchMetadata;
  readonly body: Uint8Array;
  private answered = false;

  constructor(
    message: Message<typeof MessageType.SessionPatch>,
    private readonly send: AckSender<SessionPatchAckMetadata>,
  ) {
    this.metadata = message.metadata;
    this.body = message.body;
  }

  get isAnswered(): boolean {
    return this.answered;
  }

  ack(fields: Partial<SessionPatchAckMetadata> = {}, body: Uint8Array = EMPTY): void {
    if (this.answered) return;
    const asked = this.metadata;
    const ack = SessionPatchAckMetadata.of({
      ackStatus: PatchAckStatus.Accepted,
      appliedPatchMask: asked.patchMask,
      effectiveProfileId: asked.profileId,
      effectiveTargetCadenceX100: asked.targetCadenceX100,
      effectiveQualityTier: asked.qualityTier,
      effectiveDegradePolicy: asked.degradePolicy,
      effectiveLaneMask: asked.activeLaneMask,
      effectiveCodecBitmap: asked.preferredCodecBitmap,
      effectiveCompressionBitmap: asked.preferredCompressionBitmap,
      ...fields,
      profilePatchAckBytes: body.length,
    });
    // It may have to wait for the acks before it.
    this.send(ack, ownBytes(body));
    this.answered = true;
  }

  reject(reason: PatchRejectReason, fields: Partial<SessionPatchAckMetadata> = {}): void {
    if (this.answered) return;
    const ack = SessionPatchAckMetadata.of({
      ackStatus: PatchAckStatus.Rejected,
      rejectReason: reason,
      rejectedPatchMask: this.metadata.patchMask,
      effectiveProfileId: this.metadata.profileId,
      ...fields,
    });
    this.send(ack, EMPTY);
    this.answered = true;
  }
}

export class ReceivedMigration implements MigrateRequest {
  readonly messageType = MessageType.SessionMigrate;
  readonly metadata: SessionMigrateMetadata;
  private answered = false;

  constructor(
    message: Message<typeof MessageType.SessionMigrate>,
    private readonly send: AckSender<SessionMigrateAckMetadata>,
  ) {
    this.metadata = message.metadata;
  }

  get isAnswered(): boolean {
    return this.answered;
  }

  ack(fields: Partial<SessionMigrateAckMetadata> = {}): void {
    this.answer({ resumeFromFrameId: this.metadata.lastResultFrameId, ...fields });
  }

  reject(acceptCode: number): void {
    if (acceptCode === 0) throw new RangeError('a migration is refused with an accept code that is not 0');
    this.answer({ acceptCode, resumeFromFrameId: this.metadata.lastResultFrameId });
  }

  private answer(fields: Partial<SessionMigrateAckMetadata>): void {
    if (this.answered) return;
    this.send(SessionMigrateAckMetadata.of(fields), EMPTY);
    this.answered = true;
  }
}
