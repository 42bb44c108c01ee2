import { takeFields } from '../../../protocol/options/take-fields';
import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { SessionPatchMetadata } from '../../../wire/messages/session-patch';
import { requireBytes } from '../../../wire/bytes/require-bytes';
import { AwaitedAcks, type Patience } from '../../awaited-acks';
import type { PatchAck } from '../session';
import type { SessionCarrier } from '../session-carrier';

/** SESSION_PATCH, and SESSION_PATCH_ACK that answers it. */
export class Patches extends AwaitedAcks<SessionPatchMetadata, PatchAck> {
  constructor(
    private readonly carrier: SessionCarrier,
    patience: Patience,
  ) {
    super(MessageType.SessionPatch, MessageType.SessionPatchAck, patience);
  }

  ask(fields: Partial<SessionPatchMetadata>, profilePatch: Uint8Array): Promise<PatchAck> {
    this.carrier.requireLink();
    const profilePatchBytes = requireBytes(profilePatch, 'the profile patch of session.patch').length;
    const given = takeFields('session.patch', fields, SessionPatchMetadata);
    const request = SessionPatchMetadata.of({ ...given, profilePatchBytes });
    this.carrier.send(MessageType.SessionPatch, 0, SessionPatchMetadata.encode(request), profilePatch);
    return this.add(request);
  }

  onAck({ metadata, body }: MessageOf<typeof MessageType.SessionPatchAck>): void {
    this.settle(() => ({ metadata, body }));
    this.carrier.noteAnswer();
  }
}
