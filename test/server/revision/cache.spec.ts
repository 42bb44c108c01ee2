import { firstValueFrom, map, type Observable } from 'rxjs';
import { ofMessageType } from '../../../operators/application/of-message-type';
import { clientHello, inPreview4, open } from '../../../src/testing';
import { joinBody } from '../../../src/wire/body/body-region';
import { encodeObjectReferences } from '../../../src/wire/body/object-reference';
import type { MessageOf, RevisionName } from '../../../src/wire/message';
import { MessageType } from '../../../src/wire/message-type';
import { CacheAckStatus, CacheInvalidateScope, CacheObjectKind } from '../../../src/wire/messages/cache';
import { SubmitMode } from '../../../src/wire/messages/frame-submit';
import { BodyRegionPrelude } from '../../../src/wire/preview4/body/body-region';
import { ObjectReferenceBlock } from '../../../src/wire/preview4/body/object-reference';
import { CacheAckMetadata, CachePutMetadata } from '../../../src/wire/preview4/cache';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';
import { holds, type Same } from '../../support/types';

afterEach(endServed);

const REVISIONS: readonly RevisionName[] = ['preview3', 'preview4'];
const { CameraBlock } = CacheObjectKind;
const SESSION = { sessionId: 42 };

function served(): Served {
  const place = new Served({ supportedCacheObjects: [CameraBlock] });
  place.server.sessions$.subscribe((session) =>
    session.respond(({ objects }) => objects.map(({ bytes }) => new TextDecoder().decode(bytes)).join()),
  );
  return place;
}

describe('the cache of a session', () => {
  it.each(REVISIONS)('is put into and taken from by a client of %s', async (revision) => {
    const place = served();
    const accepted = firstValueFrom(place.server.sessions$);
    const session = await (await place.connect({ revision })).openSession();
    const server = await accepted;
    const name = { cacheNamespace: 7, cacheKeyHi: 2, cacheKeyLo: 9 };
    const put = { ...name, objectKind: CameraBlock, ttlMs: 5000 };
    const ack = { ...name, acceptedTtlMs: 5000, detailCode: 0 };
    expect(await session.cachePut(put, new Uint8Array(8))).toMatchObject({
      ...ack,
      status: CacheAckStatus.Accepted,
    });
    expect(await session.cachePut(put, new Uint8Array(4))).toMatchObject({
      ...ack,
      status: CacheAckStatus.Replaced,
    });
    const patched = firstValueFrom(server.patches$);
    const patch = session.patch({ patchMask: 1 });
    session.cacheInvalidate({ invalidateScope: CacheInvalidateScope.ObjectKey, ...name });
    (await patched).ack();
    await patch;
    expect(await session.cachePut(put, new Uint8Array(4))).toMatchObject({
      status: CacheAckStatus.Accepted,
    });
    expect([place.violations, place.failures]).toEqual([[], []]);
  });
});

describe('the cache of a session of preview4', () => {
  async function opened(place: Served): Promise<Peer> {
    const peer = await Peer.connect(place.listen);
    peer.send(clientHello(), open(42));
    await peer.next();
    await peer.next();
    return peer;
  }

  const keyOf = (cacheKeyHi: bigint) => ({ cacheNamespace: 7, cacheKeyHi, cacheKeyLo: 9n });

  async function put(peer: Peer, cacheKeyHi: bigint, object: string): Promise<CacheAckMetadata> {
    const fields = CachePutMetadata.of({
      ...keyOf(cacheKeyHi),
      objectKind: CameraBlock,
      ttlMs: 5000,
      objectBytes: object.length,
    });
    peer.send(inPreview4(MessageType.CachePut, SESSION, fields, object));
    const { header, metadata } = (await peer.next())!;
    expect(header).toMatchObject({ messageType: MessageType.CacheAck, ...SESSION });
    return CacheAckMetadata.decode(metadata);
  }

  async function askFor(peer: Peer, frameId: number, cacheKeyHi: bigint): Promise<[number, string]> {
    const block = ObjectReferenceBlock.of({ objectKind: CameraBlock, ...keyOf(cacheKeyHi) });
    const objectReferences = encodeObjectReferences([block], ObjectReferenceBlock);
    const body = joinBody({ objectReferences }, BodyRegionPrelude);
    const fields = { operationId: BigInt(frameId), submitMode: SubmitMode.Reference, objectRefMask: 1 };
    peer.send(inPreview4(MessageType.FrameSubmit, { ...SESSION, frameId }, fields, body));
    const { header, body: answer } = (await peer.next())!;
    return [header.messageType, new TextDecoder().decode(answer)];
  }

  it('tells objects apart whose keys differ above 53 bits', async () => {
    const place = served();
    const peer = await opened(place);
    const high = 1n << 63n;
    for (const [key, object] of [
      [high, 'one'],
      [high + 1n, 'another'],
    ] as const) {
      expect(await put(peer, key, object)).toMatchObject({
        ...keyOf(key),
        status: CacheAckStatus.Accepted,
        acceptedTtlMs: 5000,
      });
    }
    const [, one] = await askFor(peer, 1, high);
    expect(one).toContain('one');
    await peer.next();
    expect(await askFor(peer, 2, high + 1n)).toEqual([
      expect.any(Number),
      expect.stringContaining('another'),
    ]);
    expect(place.violations).toEqual([]);
  });

  it('tells the application of its keys as wide as they came', async () => {
    const place = served();
    const accepted = firstValueFrom(place.server.sessions$);
    const peer = await opened(place);
    const puts$ = (await accepted).pipe(ofMessageType(MessageType.CachePut));
    holds<Same<typeof puts$, Observable<MessageOf<typeof MessageType.CachePut>>>>();
    const key = firstValueFrom(puts$.pipe(map(({ metadata }) => metadata.cacheKeyHi)));
    holds<Same<typeof key, Promise<number | bigint>>>();
    await put(peer, 1n << 63n, 'object');
    expect(await key).toBe(1n << 63n);
  });

  it('forgets all of a kind, and misses it', async () => {
    const place = served();
    const peer = await opened(place);
    await put(peer, 1n, 'one');
    peer.send(
      inPreview4(MessageType.CacheInvalidate, SESSION, {
        invalidateScope: CacheInvalidateScope.ObjectKind,
        cacheNamespace: 7,
        cacheKeyHi: BigInt(CameraBlock),
      }),
    );
    const [messageType] = await askFor(peer, 1, 1n);
    expect(messageType).toBe(MessageType.Error);
  });
});
