import { firstValueFrom } from 'rxjs';
import { ofMessageType } from '../../../operators/application/of-message-type';
import { clientHello, inPreview4, open, serverHelloAck } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { CacheAckStatus, CacheInvalidateScope, CacheObjectKind } from '../../../src/wire/messages/cache';
import type { Packet } from '../../../src/wire/packet';
import {
  CacheAckMetadata,
  CacheMissMetadata,
  CacheMissReason,
  CacheReferenceFlag,
  type CacheReferenceMetadata,
  CacheReuseScope,
} from '../../../src/wire/preview4/cache';
import { accept, greeted } from '../../client/support';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';
import { heardUntilPong } from './heard';

afterEach(endServed);

const SESSION = { sessionId: 42 };
const { CameraBlock } = CacheObjectKind;
const KEY = { cacheNamespace: 7, cacheKeyHi: 2n, cacheKeyLo: 9n };

function put(object: string, ttlMs = 5000): Packet {
  const fields = { ...KEY, objectKind: CameraBlock, ttlMs };
  return inPreview4(MessageType.CachePut, SESSION, fields, object);
}

function reference(fields: object = {}, metadata = ''): Packet {
  return inPreview4(MessageType.CacheReference, SESSION, { ...KEY, profileId: 2, ...fields }, metadata);
}

/** A server that caches, in virtual time, and a client of the reference. */
async function stage() {
  const time = new VirtualTime();
  const served = new Served({ supportedCacheObjects: [CameraBlock], scheduler: time });
  const accepted = firstValueFrom(served.server.sessions$);
  const peer = await Peer.connect(served.listen);
  peer.send(clientHello(), open(42));
  await peer.next();
  await peer.next();
  const used = told((await accepted).pipe(ofMessageType(MessageType.CacheReference)));
  /** What it hears but for acks: the reason of each CACHE_MISS, the type of all else. */
  const heard = async (...sent: readonly Packet[]): Promise<number[]> => {
    const came = await heardUntilPong(peer, 42, sent);
    return came.flatMap((each) => {
      if (each === 'end') return [-1];
      const { messageType } = each.header;
      if (messageType === MessageType.CacheAck) return [];
      if (messageType !== MessageType.CacheMiss) return [messageType];
      const { missReason, ...miss } = CacheMissMetadata.decode(each.metadata);
      expect(miss).toEqual({ ...KEY, profileId: 2, diagnosticBytes: 0 });
      return [missReason];
    });
  };
  return { served, time, used, heard };
}

describe('a reference to a cached object', () => {
  it('is told to the application where that is there, and answered where it is not', async () => {
    const { served, used, heard } = await stage();
    expect(await heard(reference())).toEqual([CacheMissReason.NotFound]);
    expect(await heard(put('object'), reference({ reuseScope: CacheReuseScope.Session }, 'why'))).toEqual([]);
    expect(used).toHaveLength(1);
    expect(used[0]).toMatchObject({ metadata: { ...KEY, reuseScope: CacheReuseScope.Session } });
    expect(await heard(reference({ cacheKeyLo: 9n, cacheNamespace: 7 }))).toEqual([]);
    expect(served.violations).toEqual([]);
  });

  it('is of nothing once that has expired, or was taken back', async () => {
    const { time, used, heard } = await stage();
    await heard(put('object'));
    time.advance(5000);
    expect(await heard(reference())).toEqual([CacheMissReason.Expired]);
    expect(await heard(put('object'), reference())).toEqual([]);
    const invalidate = inPreview4(MessageType.CacheInvalidate, SESSION, {
      ...KEY,
      invalidateScope: CacheInvalidateScope.ObjectKey,
    });
    expect(await heard(invalidate, reference())).toEqual([CacheMissReason.NotFound]);
    expect(used).toHaveLength(1);
  });

  it('may want a lease, which each object has, and nobody knows by its number', async () => {
    const { time, used, heard } = await stage();
    await heard(put('object'));
    const wanting = { leaseId: 99n, flags: CacheReferenceFlag.LeaseRequired };
    expect(await heard(reference(wanting))).toEqual([]);
    expect(used).toHaveLength(1);
    time.advance(5000);
    expect(await heard(reference(wanting))).toEqual([CacheMissReason.Expired]);
  });

  it.each([
    ['another length', reference({ metadataBytes: 3 })],
    ['more than 4,096 bytes', reference({}, 'x'.repeat(4097))],
  ])('with %s is a fault of that packet', async (_, broken) => {
    const { heard } = await stage();
    expect(await heard(broken, reference())).toEqual([MessageType.Error, CacheMissReason.NotFound]);
  });

  it('is made by a client, which hears what its server has not', async () => {
    const served = new Served({ supportedCacheObjects: [CameraBlock] });
    const { client, server } = await served.session({}, { revision: 'preview4' });
    const used = told(server.pipe(ofMessageType(MessageType.CacheReference)));
    const misses = told(client.cacheMisses$);
    const key = { cacheNamespace: 7, cacheKeyHi: 2, cacheKeyLo: 9 };
    client.cacheReference(key, new Uint8Array(3));
    // Behind it, so that it was taken.
    await client.cachePut({ ...key, objectKind: CameraBlock }, new Uint8Array(8));
    client.cacheReference({ ...key, cacheKeyHi: 2n, hasFallback: true, producerTraceId: 5n });
    await client.negotiate({});
    expect(misses).toEqual([
      expect.objectContaining({
        metadata: { ...KEY, profileId: 0, missReason: CacheMissReason.NotFound, diagnosticBytes: 0 },
      }),
    ]);
    expect(used).toEqual([
      expect.objectContaining({
        metadata: expect.objectContaining({
          ...KEY,
          producerTraceId: 5n,
          flags: CacheReferenceFlag.BodyFallback,
        }) as CacheReferenceMetadata,
      }),
    ]);
    await client.close();
    expect(misses).toHaveLength(2);
    expect(served.violations).toEqual([]);
  });

  it('is none that a client of preview3 can make', async () => {
    const served = new Served({ supportedCacheObjects: [CameraBlock] });
    const { client } = await served.session({}, { revision: 'preview3' });
    expect(() => client.cacheReference({})).toThrow(
      /speaks preview3, which has no references to cached objects/,
    );
    expect(served.violations).toEqual([]);
  });

  it.each<[object, RegExp]>([
    [{ cacheKeyHi: -1 }, /cacheKeyHi must be an integer/],
    [{ reuseScope: 9 }, /reuseScope must be one of/],
    [{ key: 9 }, /session\.cacheReference has no option "key"/],
  ])('is not %p', async (odd, message) => {
    const { client } = await new Served().session({}, { revision: 'preview4' });
    expect(() => client.cacheReference(odd)).toThrow(message);
  });
});

describe('a client whose server puts and refers to objects', () => {
  it('keeps none, and says so', async () => {
    const { peer, client } = await greeted(serverHelloAck(), 'preview4');
    const opening = client.openSession();
    await peer.next();
    peer.send(accept(42));
    await opening;
    const violations = told(client.violations$);
    peer.send(put('object'), reference());
    const [ack, miss] = [(await peer.next())!, (await peer.next())!];
    expect(CacheAckMetadata.decode(ack.metadata)).toMatchObject({ ...KEY, status: CacheAckStatus.Rejected });
    expect(CacheMissMetadata.decode(miss.metadata)).toMatchObject({
      ...KEY,
      missReason: CacheMissReason.NotFound,
    });
    expect(violations).toEqual([]);
    await peer.close();
    await client.close();
  });
});

describe('the cache of a session, where nothing is said of it', () => {
  it('has 4,096 objects at most, of no bytes too', async () => {
    const limits = { cachePuts: { burst: Infinity, perSecond: 0 } };
    const served = new Served({ supportedCacheObjects: [CameraBlock], limits });
    const { client, server } = await served.session({}, { revision: 'preview4' });
    const acks = await Promise.all(
      Array.from({ length: 4100 }, (_, cacheKeyLo) =>
        client.cachePut({ cacheKeyLo, objectKind: CameraBlock }, new Uint8Array(0)),
      ),
    );
    expect(acks.filter(({ status }) => status === CacheAckStatus.Accepted)).toHaveLength(4096);
    expect(server.cacheObjectCount).toBe(4096);
  });
});
