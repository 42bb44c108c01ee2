import { tap } from 'rxjs';
import { MessageType } from '../../src/wire/message-type';
import { SessionMigrateMetadata, TransportId } from '../../src/wire/messages/session-migrate';
import {
  PatchAckStatus,
  PatchRejectReason,
  SessionPatchAckMetadata,
  SessionPatchMetadata,
} from '../../src/wire/messages/session-patch';
import { migrateAckPacket, bytesOf, text } from '../support/packets';
import { MigrateRefusal } from '../../src/server/session/messages/migrate';
import { Inbox } from './inbox';
import { rustError, stage } from './stage';

const on = stage();

const PATCH = SessionPatchMetadata.of({
  profileId: 2,
  patchMask: 0x7f,
  targetCadenceX100: 6000,
  qualityTier: 3,
  degradePolicy: 4,
  activeLaneMask: 0x8000_0000_0000_0001n,
  preferredCodecBitmap: 5,
  preferredCompressionBitmap: 6,
});

const PARTLY = SessionPatchAckMetadata.of({
  ackStatus: PatchAckStatus.PartiallyApplied,
  rejectReason: PatchRejectReason.InvalidLaneMask,
  appliedPatchMask: 0x3f,
  rejectedPatchMask: 0x40,
  retryAfterMs: 1000,
  effectiveProfileId: 2,
  effectiveTargetCadenceX100: 3000,
  effectiveQualityTier: 2,
  effectiveDegradePolicy: 1,
  effectiveLaneMask: 0xffff_ffff_ffff_ffffn,
  effectiveCodecBitmap: 7,
  effectiveCompressionBitmap: 8,
});

describe('patch, of the Rust client', () => {
  it('is confirmed with what was asked for', async () => {
    const { rust, session } = await on.rustClient();
    const patches = new Inbox(session.patches$.pipe(tap((patch) => patch.ack())));
    expect(await rust.patchSession(PATCH)).toEqual(
      SessionPatchAckMetadata.of({
        ackStatus: PatchAckStatus.Accepted,
        appliedPatchMask: 0x7f,
        effectiveProfileId: 2,
        effectiveTargetCadenceX100: 6000,
        effectiveQualityTier: 3,
        effectiveDegradePolicy: 4,
        effectiveLaneMask: 0x8000_0000_0000_0001n,
        effectiveCodecBitmap: 5,
        effectiveCompressionBitmap: 6,
      }),
    );
    expect((await patches.next()).metadata).toEqual(PATCH);
  });

  it('is applied in part where the application says so', async () => {
    const { rust, session } = await on.rustClient();
    session.patches$.subscribe((patch) => patch.ack(PARTLY));
    expect(await rust.patchSession(PATCH)).toEqual(PARTLY);
  });

  it('is rejected where the application says so', async () => {
    const { rust, session } = await on.rustClient();
    session.patches$.subscribe((patch) => patch.reject(PatchRejectReason.RateLimited, { retryAfterMs: 50 }));
    expect(await rust.patchSession(PATCH)).toMatchObject({
      ackStatus: PatchAckStatus.Rejected,
      rejectReason: PatchRejectReason.RateLimited,
      appliedPatchMask: 0,
      rejectedPatchMask: 0x7f,
      retryAfterMs: 50,
    });
  });

  it('is rejected where nobody looks at patches, and the session goes on', async () => {
    const { rust, session } = await on.rustClient();
    session.respond(() => ['fine']);
    expect(await rust.patchSession(PATCH)).toMatchObject({
      ackStatus: PatchAckStatus.Rejected,
      rejectReason: PatchRejectReason.UnsupportedField,
    });
    await rust.submit({});
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
  });

  it('may announce a profile patch that the runtime does not send', async () => {
    const { rust, session } = await on.rustClient();
    const patches = new Inbox(session.patches$.pipe(tap((patch) => patch.ack())));
    await rust.patchSession({ profilePatchBytes: 16 });
    expect(await patches.next()).toMatchObject({
      metadata: { profilePatchBytes: 16 },
      body: new Uint8Array(),
    });
  });
});

describe('patch, of this client', () => {
  it('is confirmed, in part, or rejected by a Rust server', async () => {
    const { rust, session } = await on.rustServer();
    const patching = session.patch(PATCH);
    expect(await rust.receivePatch()).toEqual(PATCH);
    await rust.sendPatchAck(PARTLY);
    expect(await patching).toEqual({ metadata: PARTLY, body: new Uint8Array() });
    expect(session.state).toBe('open');
  });

  it('announces a profile patch and sends it', async () => {
    const { rust, session } = await on.rustServer();
    const patching = session.patch({ patchMask: 1 }, text('warmer, please'));
    expect(await rust.receivePatch()).toMatchObject({ patchMask: 1, profilePatchBytes: 14 });
    await rust.sendPatchAck({ appliedPatchMask: 1, profilePatchAckBytes: 9 });
    const ack = await patching;
    expect(ack.metadata.profilePatchAckBytes).toBe(9);
    // The runtime announces it and sends none.
    expect(ack.body).toHaveLength(0);
  });

  it('may be sent several times before the first answer: acks come in order', async () => {
    const { rust, session } = await on.rustServer();
    const patching = [1, 2, 3].map((qualityTier) => session.patch({ qualityTier }));
    for (const qualityTier of [1, 2, 3]) {
      expect((await rust.receivePatch()).qualityTier).toBe(qualityTier);
      await rust.sendPatchAck({ effectiveQualityTier: qualityTier * 10 });
    }
    const acks = await Promise.all(patching);
    expect(acks.map(({ metadata }) => metadata.effectiveQualityTier)).toEqual([10, 20, 30]);
  });

  it('fails where the connection ends before the answer', async () => {
    const { rust, session } = await on.rustServer();
    const patching = expect(session.patch(PATCH)).rejects.toMatchObject({ kind: 'io' });
    await rust.receivePatch();
    await rust.drop();
    await patching;
  });
});

const MIGRATION = SessionMigrateMetadata.of({
  oldTransportId: TransportId.Tcp,
  newTransportId: TransportId.Quic,
  lastResultFrameId: 40n,
  clientMigrateTsUs: 1_700_000_000_000_000n,
});

const SAME_TRANSPORT = { ...MIGRATION, newTransportId: TransportId.Tcp };
const SAME_RULE = 'session migration must bind a different transport';
const BEHIND_RULE = 'migration resume cursor cannot move behind the last result frame';

describe('migration, of the Rust client', () => {
  it('is accepted from the last result on', async () => {
    const { rust, session } = await on.rustClient();
    const migrations = new Inbox(session.migrations$.pipe(tap((request) => request.ack())));
    expect(await rust.migrateTransport(MIGRATION)).toMatchObject({ acceptCode: 0, resumeFromFrameId: 40n });
    expect((await migrations.next()).metadata).toEqual(MIGRATION);
  });

  it('is accepted with what the application says', async () => {
    const { rust, session } = await on.rustClient();
    const ack = { acceptCode: 0, resumeFromFrameId: 41n, graceWindowMs: 500, serverMigrateTsUs: 2n ** 63n };
    session.migrations$.subscribe((request) => {
      request.ack(ack);
    });
    expect(await rust.migrateTransport(MIGRATION)).toEqual(ack);
  });

  it('is refused with a code, and the session goes on', async () => {
    const { rust, session } = await on.rustClient();
    session.respond(() => ['fine']);
    session.migrations$.subscribe((request) => {
      request.reject(77);
    });
    expect(await rust.migrateTransport(MIGRATION)).toMatchObject({ acceptCode: 77, resumeFromFrameId: 40n });
    await rust.submit({});
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
  });

  it('is refused where nobody looks at migrations and the session cannot be resumed', async () => {
    const { rust, session } = await on.rustClient();
    session.respond(() => ['fine']);
    await rust.submit({});
    for (const _ of ['partial', 'complete']) await rust.awaitEvent();
    expect(await rust.migrateTransport({ ...MIGRATION, lastResultFrameId: 1n })).toMatchObject({
      acceptCode: MigrateRefusal.NotResumable,
      resumeFromFrameId: 1n,
    });
  });

  it('is refused where it names results that there have not been', async () => {
    const { rust } = await on.rustClient();
    expect(await rust.migrateTransport(MIGRATION)).toMatchObject({ acceptCode: MigrateRefusal.CursorAhead });
  });

  it('to the transport that it has is refused, and the Rust client takes no answer to that', async () => {
    const { rust } = await on.rustClient();
    expect(await rustError(rust.migrateTransport(SAME_TRANSPORT))).toBe(
      `Protocol InvalidProtocolCombination: invalid protocol combination: ${SAME_RULE}`,
    );
  });

  it('cannot be answered with a cursor behind the last result', async () => {
    const { rust, session } = await on.rustClient();
    const answered = new Inbox(
      session.migrations$.pipe(
        tap((request) => {
          expect(() => {
            request.ack({ resumeFromFrameId: 39n });
          }).toThrow(BEHIND_RULE);
          request.ack({ resumeFromFrameId: 40n });
        }),
      ),
    );
    expect(await rust.migrateTransport(MIGRATION)).toMatchObject({ resumeFromFrameId: 40n });
    expect(await answered.next()).toMatchObject({ isAnswered: true });
  });
});

describe('migration, of this client', () => {
  it('is accepted by a Rust server', async () => {
    const { rust, session } = await on.rustServer();
    const migrating = session.migrate(MIGRATION);
    expect(await rust.receiveMigrate()).toEqual(MIGRATION);
    const ack = {
      acceptCode: 3,
      resumeFromFrameId: 2n ** 64n - 1n,
      graceWindowMs: 9,
      serverMigrateTsUs: 10n,
    };
    await rust.sendMigrateAck(ack);
    expect(await migrating).toEqual(ack);
  });

  it.each([
    ['the transport that it has', SAME_TRANSPORT, {}, SAME_RULE],
    ['a cursor behind the last result', MIGRATION, { resumeFromFrameId: 39n }, BEHIND_RULE],
  ])('is not even answered by a Rust server for %s', async (_, request, ack, rule) => {
    const { rust, session } = await on.rustServer();
    const migrating = expect(session.migrate(request)).rejects.toMatchObject({ kind: 'io' });
    await rust.receiveMigrate();
    expect(await rustError(rust.sendMigrateAck(ack))).toBe(
      `Protocol InvalidProtocolCombination: invalid protocol combination: ${rule}`,
    );
    await rust.drop();
    await migrating;
  });

  it('refuses an ack that does not fit, as the Rust client does', async () => {
    const behind = migrateAckPacket({ sessionId: 1, metadata: { resumeFromFrameId: 39n } });

    const here = await on.clientAtRaw();
    const migrating = expect(here.session.migrate(MIGRATION)).rejects.toThrow(BEHIND_RULE);
    expect((await here.raw.nextPacket()).header.messageType).toBe(MessageType.SessionMigrate);
    here.raw.write(bytesOf(behind));
    await migrating;

    const there = await on.rustClientAtRaw();
    const rustMigrating = rustError(there.rust.migrateTransport(MIGRATION));
    expect((await there.raw.nextPacket()).header.messageType).toBe(MessageType.SessionMigrate);
    there.raw.write(bytesOf(behind));
    expect(await rustMigrating).toBe(
      `Protocol InvalidProtocolCombination: invalid protocol combination: ${BEHIND_RULE}`,
    );
  });
});
