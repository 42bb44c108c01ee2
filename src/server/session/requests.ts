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

/** Sends an ack of the session that the request came from. */
export type AckSender<T> = (metadata: T, body: Uint8Array) => void;

/** SESSION_PATCH: the client asks for other settings. Answer it once with `ack` or `reject`. */
export class PatchRequest {
  readonly messageType = MessageType.SessionPatch;
  readonly metadata: SessionPatchMetadata;
  /** The profile patch. */
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

  /**
   * Confirms the patch: by default all of it, with the values that were asked for. `fields` says what
   * differs; `body` is the profile patch ack. Only the first answer is sent.
   */
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

  /** Refuses all of the patch. Only the first answer is sent. */
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

/** SESSION_MIGRATE: the client moves to another transport. Answer it once with `ack` or `reject`. */
export class MigrateRequest {
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

  /** Accepts; results are replayed from the frame after the client's last, unless `fields` says else. */
  ack(fields: Partial<SessionMigrateAckMetadata> = {}): void {
    this.answer({ resumeFromFrameId: this.metadata.lastResultFrameId, ...fields });
  }

  /** Refuses with a code of the application's. Throws a `RangeError` where that is 0, which accepts. */
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
