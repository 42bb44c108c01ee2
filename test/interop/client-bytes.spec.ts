import { REFERENCE_DEFAULTS } from '../../src';
import { encodeTokens } from '../../src/protocol/content/token-delta';
import { HEADER_LENGTH } from '../../src/wire/header';
import { FrameSubmitMetadata } from '../../src/wire/messages/frame-submit';
import { PayloadKind } from '../../src/wire/messages/payload-kind';
import { CloseReason, CloseStatus, InFlightPolicy } from '../../src/wire/messages/session-close';
import { SessionMigrateMetadata } from '../../src/wire/messages/session-migrate';
import { SessionOpenMetadata } from '../../src/wire/messages/session-open';
import { decodePacket } from '../../src/wire/packet';
import { toHex } from '../support/hex';
import {
  bytesOf,
  closeAckPacket,
  migrateAckPacket,
  openPacket,
  patchAckPacket,
  text,
} from '../support/packets';
import { Inbox } from './inbox';
import { openMetadata, WISHES } from './open-metadata';
import type { RawSocket } from '../support/raw-socket';
import { stage } from './stage';

const on = stage();

/** All bytes of it differ, so that none can stand in another's place. */
const sessionId = 0x01020304;

describe('the bytes of this client are those of the Rust client', () => {
  it.each(WISHES)('SESSION_OPEN with $what', async ({ what: _, ...wish }) => {
    const listener = await on.listenRaw();
    const { client } = await on.connect(listener.port);
    const here = (await listener.accept()).read();
    const opening = client
      .openSession({ ...REFERENCE_DEFAULTS.session, ...wish, announce: false })
      .catch(() => undefined);
    const rust = await on.rust.connect({ port: listener.port, ...wish });
    const there = (await listener.accept()).read();
    const rustOpening = rust.openSession().catch(() => undefined);

    const bytes = await here.nextBytes();
    expect(toHex(bytes)).toBe(toHex(await there.nextBytes()));
    expect(toHex(bytes)).toBe(toHex(bytesOf(openPacket({ metadata: openMetadata(wish) }))));
    listener.close();
    await Promise.all([opening, rustOpening]);
  });

  it('SESSION_OPEN of a client that announces itself differs by the extension block alone', async () => {
    const listener = await on.listenRaw();
    const { client } = await on.connect(listener.port);
    const raw = (await listener.accept()).read();
    const opening = client.openSession(REFERENCE_DEFAULTS.session).catch(() => undefined);
    const { header, metadata, body } = await raw.nextPacket();
    const plain = decodePacket(bytesOf(openPacket({ metadata: openMetadata() })));
    expect(body.length).toBeGreaterThan(0);
    expect(header).toEqual({ ...plain.header, bodyLen: body.length });
    expect(SessionOpenMetadata.decode(metadata)).toEqual({
      ...openMetadata(),
      sessionExtensionBytes: body.length,
    });
    listener.close();
    await opening;
  });

  /** A session of each client, side by side. */
  async function both() {
    const here = await on.clientAtRaw({ requestedSessionId: sessionId, announce: false });
    const there = await on.rustClientAtRaw({ requestedSessionId: sessionId });
    return { here, there };
  }

  /** The next packet of each is the same; it is returned. */
  async function same(here: RawSocket, there: RawSocket): Promise<Uint8Array> {
    const bytes = await here.nextBytes();
    expect(toHex(bytes)).toBe(toHex(await there.nextBytes()));
    return bytes;
  }

  it('FRAME_SUBMIT, with all kinds of metadata and bodies', async () => {
    const { here, there } = await both();
    const tokens = encodeTokens(['Call', ' me', ' Ishmael']);
    const { payloadKindBitmap, payloadFrameCount } = tokens.fields;
    const submits: readonly { metadata?: Partial<FrameSubmitMetadata>; body?: Uint8Array }[] = [
      {},
      { body: text('a prompt — 🐋') },
      { metadata: { payloadKindBitmap, payloadFrameCount }, body: tokens.body },
      { metadata: { latencyBudgetMs: 0x0102, budgetPolicy: 0x0f, lossTolerancePolicy: 0xff } },
      { metadata: { retryOfFrame: 0x01020304, dependencyFrameId: 0x05060708, frameClass: 9 } },
      { metadata: { submitMode: 2, objectRefMask: 0xdeadbeef, targetFpsX100: 6000, tileIndexMode: 3 } },
      {
        metadata: {
          srcWidth: 0x0102,
          srcHeight: 0x0304,
          tileWidth: 0x0506,
          tileHeight: 0x0708,
          tileCount: 0x090a,
          sectionCount: 0x0b0c,
          inputProfile: 2,
          tileBaseId: 0x0d0e0f10,
          cameraBytes: 0x11121314,
          payloadKindBitmap: PayloadKind.Tensor | PayloadKind.VideoChunk,
        },
      },
      { body: new Uint8Array(70_000).fill(0xab) },
    ];
    for (const [index, submit] of submits.entries()) {
      const answer = new Inbox(here.session.submit(submit));
      await there.rust.submit(submit);
      const bytes = await same(here.raw, there.raw);
      const { header, metadata, body } = decodePacket(bytes);
      expect(header).toMatchObject({ sessionId, frameId: index + 1 });
      expect(FrameSubmitMetadata.decode(metadata)).toEqual(FrameSubmitMetadata.of(submit.metadata ?? {}));
      expect(body).toHaveLength(submit.body?.length ?? 0);
      expect(answer.untaken()).toEqual([]);
    }
  });

  it('FRAME_CANCEL', async () => {
    const { here, there } = await both();
    for (const frameId of [1, 2, 3]) {
      const answer = new Inbox(here.session.submit({}));
      await there.rust.submit({});
      await same(here.raw, there.raw);
      answer.unsubscribe();
      await there.rust.cancelFrame(frameId);
      expect(await same(here.raw, there.raw)).toHaveLength(HEADER_LENGTH);
    }
  });

  it('SESSION_PATCH', async () => {
    const { here, there } = await both();
    const patches = [
      {},
      { profileId: 2, patchMask: 0x7f, targetCadenceX100: 0x01020304, qualityTier: 0x0506 },
      {
        degradePolicy: 0x0708,
        activeLaneMask: 0x0102030405060708n,
        preferredCodecBitmap: 0x090a0b0c,
        preferredCompressionBitmap: 0x0d0e0f10,
      },
    ];
    for (const patch of patches) {
      const patching = here.session.patch(patch);
      const rustPatching = there.rust.patchSession(patch);
      await same(here.raw, there.raw);
      for (const { raw } of [here, there]) raw.write(bytesOf(patchAckPacket({ sessionId })));
      expect((await patching).metadata).toEqual(await rustPatching);
    }
  });

  it('SESSION_MIGRATE', async () => {
    const { here, there } = await both();
    const request = SessionMigrateMetadata.of({
      oldTransportId: 2,
      newTransportId: 1,
      lastResultFrameId: 0x0102030405060708n,
      clientMigrateTsUs: 0x1112131415161718n,
    });
    const migrating = here.session.migrate(request);
    const rustMigrating = there.rust.migrateTransport(request);
    await same(here.raw, there.raw);
    const metadata = { resumeFromFrameId: 0x0102030405060708n, graceWindowMs: 5 };
    for (const { raw } of [here, there]) raw.write(bytesOf(migrateAckPacket({ sessionId, metadata })));
    expect(await migrating).toEqual(await rustMigrating);
  });

  const closed = bytesOf(closeAckPacket({ sessionId, metadata: { closeStatus: CloseStatus.Closed } }));

  it('SESSION_CLOSE, as it is by default after two submits', async () => {
    const { here, there } = await both();
    for (const _ of [1, 2]) {
      const answer = new Inbox(here.session.submit({}));
      await there.rust.submit({});
      await same(here.raw, there.raw);
      answer.unsubscribe();
      await here.raw.nextBytes();
    }
    const closing = here.session.close();
    const rustClosing = there.rust.close();
    await same(here.raw, there.raw);
    for (const { raw } of [here, there]) raw.write(closed);
    await Promise.all([closing, rustClosing]);
  });

  it('SESSION_CLOSE, with every field set', async () => {
    const { here, there } = await both();
    const close = {
      closeReason: CloseReason.AuthRevoked,
      inFlightPolicy: InFlightPolicy.Abort,
      drainTimeoutMs: 0x01020304,
      lastOperationId: 0x05060708090a0b0cn,
      sessionErrorCode: 0x0d0e0f10,
      sessionCloseTag: 0x11121314,
    } as const;
    const closing = here.session.close(close);
    const rustClosing = there.rust.closeWith(close);
    await same(here.raw, there.raw);
    for (const { raw } of [here, there]) raw.write(closed);
    expect(await closing).toEqual(await rustClosing);
  });
});
