import { valueOf } from '../../../protocol/options/rules';
import { takeFields } from '../../../protocol/options/take-fields';
import { takeValue } from '../../../protocol/options/take-options';
import type { Message, MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import {
  PatchAckStatus,
  PatchRejectReason,
  SessionPatchAckMetadata,
  type SessionPatchMetadata,
} from '../../../wire/messages/session-patch';
import { ownBytes } from '../../../wire/bytes/own-bytes';
import { EMPTY } from '../../../wire/packet';
import { requireBytes } from '../../../wire/bytes/require-bytes';
import { AckQueue } from '../ack-queue';
import type { SessionCore } from '../session-core';
import type { PatchRequest } from '../session-message';

/** SESSION_PATCH: put to the application where it looks at such, refused without it where not. */
export function onPatch(session: SessionCore, message: MessageOf<typeof MessageType.SessionPatch>): void {
  const { streams, sender } = session;
  const place = (session.patchAcks ??= new AckQueue(session)).place();
  const request = new ReceivedPatch(message, (ack, body) => {
    place.answer(sender.patchAck(ack, body));
  });
  if (!streams.isWatched('patches')) {
    request.reject(PatchRejectReason.UnsupportedField);
    return;
  }
  streams.emit('patches', request);
  if (request.isAnswered) return;
  const { patchTimeoutMs } = session.server.settings;
  const patience = session.later(patchTimeoutMs, () => {
    request.reject(PatchRejectReason.RateLimited);
  });
  place.waitFor(patience);
}

const REASON = valueOf(PatchRejectReason);

export class ReceivedPatch implements PatchRequest {
  readonly messageType = MessageType.SessionPatch;
  readonly metadata: SessionPatchMetadata;
  readonly body: Uint8Array;
  private answered = false;

  constructor(
    message: Message<typeof MessageType.SessionPatch>,
    private readonly send: (ack: SessionPatchAckMetadata, body: Uint8Array) => void,
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
    const profilePatchAckBytes = requireBytes(body, 'the body of patch.ack').length;
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
      ...takeFields('patch.ack', fields, SessionPatchAckMetadata),
      profilePatchAckBytes,
    });
    // It may have to wait for the acks before it.
    this.send(ack, ownBytes(body));
    this.answered = true;
  }

  reject(reason: PatchRejectReason, fields: Partial<SessionPatchAckMetadata> = {}): void {
    if (this.answered) return;
    const ack = SessionPatchAckMetadata.of({
      ackStatus: PatchAckStatus.Rejected,
      rejectReason: takeValue(reason, 'the reason of patch.reject', REASON),
      rejectedPatchMask: this.metadata.patchMask,
      effectiveProfileId: this.metadata.profileId,
      ...takeFields('patch.reject', fields, SessionPatchAckMetadata),
    });
    this.send(ack, EMPTY);
    this.answered = true;
  }
}
