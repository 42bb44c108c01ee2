import { encodeObjectReferences } from '../../src/wire/body/object-reference';
import { joinBody } from '../../src/wire/body/body-region';
import {
  CacheAckStatus,
  CacheErrorCode,
  CacheInvalidateScope,
  CacheObjectKind,
} from '../../src/wire/messages/cache';
import { ErrorScope } from '../../src/wire/messages/error-message';
import { SubmitMode } from '../../src/wire/messages/frame-submit';
import { MessageType } from '../../src/wire/message-type';
import { text } from '../support/packets';
import { Inbox } from './inbox';
import { openMetadata } from './open-metadata';
import type { EncodePacketOptions, RustPacket } from './rust-peer';
import { rustError, stage } from './stage';

const on = stage();
const sessionId = 42;
const CAMERA = { cacheNamespace: 7, cacheKeyHi: 1, cacheKeyLo: 2, objectKind: CacheObjectKind.CameraBlock };
const TAKES_CAMERAS = { supportedCacheObjects: [CacheObjectKind.CameraBlock] } as const;

const REFERENCE = {
  metadata: { submitMode: SubmitMode.Reference, objectRefMask: 1 },
  body: joinBody({ objectReferences: encodeObjectReferences([{ ...CAMERA, refFlags: 0 }]) }),
} as const;

describe('the cache of this server, whose messages the Rust core writes and reads and its runtime has no call for', () => {
  /** A session whose packets go through the Rust core. */
  async function cachingSession(options: Parameters<typeof on.serve>[0]) {
    const served = await on.serve(options);
    const raw = await on.rust.rawConnect(served.port);
    const send = async (packet: EncodePacketOptions): Promise<void> =>
      raw.send(await on.rust.encodePacket({ header: { sessionId }, ...packet }));
    const ask = async (packet: EncodePacketOptions): Promise<RustPacket> => {
      await send(packet);
      return raw.readPacket();
    };
    const record = openMetadata({ requestedSessionId: sessionId });
    await ask({ messageType: MessageType.SessionOpen, header: {}, record });
    return { ...served, session: await served.sessions.next(), send, ask };
  }

  const put = (
    object: string,
    fields: Partial<typeof CAMERA & { ttlMs: number }> = {},
  ): EncodePacketOptions => ({
    messageType: MessageType.CachePut,
    record: { ...CAMERA, ttlMs: 1_000, objectBytes: object.length, ...fields },
    body: text(object),
  });

  it('takes an object, replaces it, and forgets it', async () => {
    const { ask, send, session } = await cachingSession(TAKES_CAMERAS);
    const submits = new Inbox(session.submits$);
    const submit = (frameId: number): EncodePacketOptions => ({
      messageType: MessageType.FrameSubmit,
      header: { sessionId, frameId },
      record: REFERENCE.metadata,
      body: REFERENCE.body,
    });

    const accepted = await ask(put('first'));
    expect(accepted.header).toMatchObject({ messageType: MessageType.CacheAck, sessionId });
    expect(accepted.record).toMatchObject({
      status: CacheAckStatus.Accepted,
      acceptedTtlMs: 1_000,
      cacheKeyLo: 2,
    });
    expect((await ask(put('second'))).record).toMatchObject({ status: CacheAckStatus.Replaced });
    expect(session.cacheObjectCount).toBe(1);

    await send(submit(1));
    const { objects } = await submits.next();
    expect(objects.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(['second']);

    await send({
      messageType: MessageType.CacheInvalidate,
      record: { invalidateScope: CacheInvalidateScope.WholeSession },
    });
    const miss = await ask(submit(2));
    expect(miss.header).toMatchObject({ messageType: MessageType.Error, sessionId, frameId: 2 });
    expect(miss.record).toMatchObject({
      errorCode: CacheErrorCode.Miss,
      errorScope: ErrorScope.Frame,
      isFatal: false,
      relatedSessionId: sessionId,
      relatedFrameId: 2,
    });
    expect(session.cacheObjectCount).toBe(0);
  });

  it('rejects what it does not support, and what is too much', async () => {
    const { ask } = await cachingSession({ ...TAKES_CAMERAS, maxCacheObjects: 1, maxCacheObjectBytes: 5 });
    const { ToolSchema } = CacheObjectKind;
    const asked = [
      await ask(put('other', { objectKind: ToolSchema as never })),
      await ask(put('too long')),
      await ask(put('first')),
      await ask(put('more', { cacheKeyLo: 3 })),
      await ask(put('again')),
    ];
    expect(asked.map(({ record }) => record?.['status'])).toEqual([
      CacheAckStatus.Rejected,
      CacheAckStatus.Rejected,
      CacheAckStatus.Accepted,
      CacheAckStatus.Rejected,
      CacheAckStatus.Replaced,
    ]);
    expect(asked[1]?.record).toMatchObject({ maxObjectBytes: 5 });
  });
});

describe('a submit of the Rust client that refers to an object', () => {
  it('that is not cached is answered with ERROR, which its runtime does not take', async () => {
    const { rust } = await on.rustClient(TAKES_CAMERAS);
    await rust.submit(REFERENCE);
    expect(await rustError(rust.awaitEvent())).toContain('client expected RESULT_PUSH');
  });

  it('and has no room for the reference is a fault; to a Rust server bodies are opaque', async () => {
    const submit = { metadata: REFERENCE.metadata, body: text('nothing of the kind') };
    const here = await on.rustClient(TAKES_CAMERAS);
    await here.rust.submit(submit);
    expect(await here.violations.next()).toMatch(/^protocol: the source is too short/);

    const { rust, session } = await on.rustServer();
    const answer = new Inbox(session.submit(submit));
    expect((await rust.receiveSubmit()).metadata).toMatchObject(REFERENCE.metadata);
    await rust.sendResult({ frameId: 1 });
    await answer.rest();
  });
});

describe('the objects that a Rust server counts', () => {
  it('are the application’s to tell it of, up to a limit; it takes no CACHE_PUT', async () => {
    const { rust, session } = await on.rustServer({ maxCacheObjects: 1 });
    expect(await rust.trackCacheObject(CAMERA)).toBe(1);
    expect(await rust.trackCacheObject(CAMERA)).toBe(1);
    expect(await rustError(rust.trackCacheObject({ ...CAMERA, cacheKeyHi: 9 }))).toBe(
      'UnexpectedMessage: server cache object limit reached',
    );
    const putting = expect(session.cachePut(CAMERA, text('camera'))).rejects.toMatchObject({ kind: 'io' });
    expect(await rustError(rust.receiveSubmit())).toBe('UnexpectedMessage: server expected FRAME_SUBMIT');
    await rust.drop();
    await putting;
  });
});
