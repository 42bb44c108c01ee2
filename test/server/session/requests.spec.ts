import { ReceivedMigration } from '../../../src/server/session/messages/migrate';
import { ReceivedPatch } from '../../../src/server/session/messages/patch';
import type { Message } from '../../../src/wire/message';
import { decodeMessage } from '../../../src/wire/message';
import type { MessageType } from '../../../src/wire/message-type';
import { SessionMigrateAckMetadata, TransportId } from '../../../src/wire/messages/session-migrate';
import {
  PatchAckStatus,
  PatchRejectReason,
  SessionPatchAckMetadata,
} from '../../../src/wire/messages/session-patch';
import { migratePacket, patchPacket, text } from '../../support/packets';

interface Sent<T> {
  readonly ack: T;
  readonly body: Uint8Array;
}

const asked = {
  profileId: 2,
  patchMask: 0x7f,
  targetCadenceX100: 3000,
  qualityTier: 4,
  degradePolicy: 5,
  activeLaneMask: 6n,
  preferredCodecBitmap: 7,
  preferredCompressionBitmap: 8,
};

function patch() {
  const sent: Sent<SessionPatchAckMetadata>[] = [];
  const message = decodeMessage(patchPacket({ metadata: asked, body: 'profile' }));
  const request = new ReceivedPatch(message as Message<typeof MessageType.SessionPatch>, (ack, body) => {
    // As a session does: what cannot be encoded throws.
    SessionPatchAckMetadata.encode(ack);
    sent.push({ ack, body });
  });
  return { request, sent };
}

describe('a patch request', () => {
  it('shows what is asked for', () => {
    const { request } = patch();
    expect(request.metadata).toMatchObject(asked);
    expect(request.body).toEqual(text('profile'));
    expect(request.isAnswered).toBe(false);
  });

  it('is confirmed as it is', () => {
    const { request, sent } = patch();
    request.ack();
    expect(request.isAnswered).toBe(true);
    expect(sent).toEqual([
      {
        ack: SessionPatchAckMetadata.of({
          ackStatus: PatchAckStatus.Accepted,
          appliedPatchMask: 0x7f,
          effectiveProfileId: 2,
          effectiveTargetCadenceX100: 3000,
          effectiveQualityTier: 4,
          effectiveDegradePolicy: 5,
          effectiveLaneMask: 6n,
          effectiveCodecBitmap: 7,
          effectiveCompressionBitmap: 8,
        }),
        body: new Uint8Array(0),
      },
    ]);
  });

  it("is confirmed with bytes that are the application's again at once", () => {
    const { request, sent } = patch();
    const body = text('yes');
    request.ack({}, body);
    body.fill(0);
    expect(sent[0]?.body).toEqual(text('yes'));
  });

  it('is confirmed in part, with a body', () => {
    const { request, sent } = patch();
    request.ack(
      { ackStatus: PatchAckStatus.PartiallyApplied, appliedPatchMask: 1, rejectedPatchMask: 0x7e },
      text('applied'),
    );
    expect(sent[0]).toMatchObject({
      ack: {
        ackStatus: PatchAckStatus.PartiallyApplied,
        appliedPatchMask: 1,
        rejectedPatchMask: 0x7e,
        profilePatchAckBytes: 7,
      },
      body: text('applied'),
    });
  });

  it('is refused as a whole', () => {
    const { request, sent } = patch();
    request.reject(PatchRejectReason.InvalidRange, { retryAfterMs: 50 });
    expect(sent).toEqual([
      {
        ack: SessionPatchAckMetadata.of({
          ackStatus: PatchAckStatus.Rejected,
          rejectReason: PatchRejectReason.InvalidRange,
          rejectedPatchMask: 0x7f,
          effectiveProfileId: 2,
          retryAfterMs: 50,
        }),
        body: new Uint8Array(0),
      },
    ]);
  });

  it('is answered once', () => {
    const { request, sent } = patch();
    request.reject(PatchRejectReason.RateLimited);
    request.ack();
    request.reject(PatchRejectReason.InvalidRange);
    expect(sent.map(({ ack }) => ack.rejectReason)).toEqual([PatchRejectReason.RateLimited]);
  });

  it('can still be answered after an answer that cannot be sent', () => {
    const { request, sent } = patch();
    expect(() => {
      request.ack({ appliedPatchMask: 0x80 });
    }).toThrow('applied_patch_mask');
    expect(() => {
      request.reject(PatchRejectReason.InvalidRange, { rejectedPatchMask: 0x80 });
    }).toThrow('rejected_patch_mask');
    expect(request.isAnswered).toBe(false);
    request.ack();
    expect(sent).toHaveLength(1);
  });
});

function migrate() {
  const sent: Pick<Sent<SessionMigrateAckMetadata>, 'ack'>[] = [];
  const metadata = {
    oldTransportId: TransportId.Tcp,
    newTransportId: TransportId.Quic,
    lastResultFrameId: 12n,
  };
  const message = decodeMessage(migratePacket({ metadata }));
  const request = new ReceivedMigration(message as Message<typeof MessageType.SessionMigrate>, (ack) => {
    SessionMigrateAckMetadata.encode(ack);
    sent.push({ ack });
  });
  return { request, sent, metadata };
}

describe('a migrate request', () => {
  it('is accepted, from the frame after the client’s last', () => {
    const { request, sent, metadata } = migrate();
    expect(request.metadata).toMatchObject(metadata);
    request.ack({ graceWindowMs: 100 });
    expect(request.isAnswered).toBe(true);
    expect(sent.map(({ ack }) => ack)).toEqual([
      SessionMigrateAckMetadata.of({ resumeFromFrameId: 12n, graceWindowMs: 100 }),
    ]);
  });

  it('is not refused with the code that accepts', () => {
    const { request, sent } = migrate();
    expect(() => request.reject(0)).toThrow(RangeError);
    expect(sent).toEqual([]);
    expect(request.isAnswered).toBe(false);
  });

  it('is refused with a code', () => {
    const { request, sent } = migrate();
    request.reject(77);
    expect(sent.map(({ ack }) => ack)).toEqual([
      SessionMigrateAckMetadata.of({ acceptCode: 77, resumeFromFrameId: 12n }),
    ]);
  });

  it('is answered once, and again where the answer could not be sent', () => {
    const { request, sent } = migrate();
    expect(() => {
      request.ack({ graceWindowMs: -1 });
    }).toThrow('grace_window_ms');
    expect(request.isAnswered).toBe(false);
    request.reject(1);
    request.ack();
    expect(sent.map(({ ack }) => ack.acceptCode)).toEqual([1]);
  });
});
