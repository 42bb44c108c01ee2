import { inPreview4, open, sessionClose } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import { endServed } from '../../support/served';
import { many, openedPeer, sendAll, serve, SESSION } from './support';

afterEach(endServed);

describe('objects that a client tells anew', () => {
  const refer = (sessionId: number): Packet =>
    inPreview4(
      MessageType.CacheReference,
      { sessionId },
      { cacheNamespace: 7, cacheKeyLo: 9n, profileId: 2 },
    );
  const inPlace = (sessionId: number): Packet => open(sessionId).announced({ isInPlace: true });
  const few = { limits: { objects: { burst: 4, perSecond: 0 } }, objects: { maxObjects: 3 } };

  it('are as many as a session may have, and add up with no other’s', async () => {
    const { served } = serve(few);
    const peer = await openedPeer(served);
    await sendAll(
      peer,
      many(20, (number) => [inPlace(1000 + number), sessionClose(1000 + number)]),
    );
    await sendAll(peer, [inPlace(7)]);
    await sendAll(
      peer,
      many(3 * 2 + 4, () => refer(7)),
    );
    expect([served.limits, served.violations]).toEqual([[], []]);
    await sendAll(peer, [refer(7)]);
    expect(served.limits).toMatchObject([{ limit: 'objects', sessionId: 7, observed: 5 }]);
  });

  it('are of that session, and of none beside it', async () => {
    const { served } = serve(few);
    const peer = await openedPeer(served);
    await sendAll(peer, [inPlace(7)]);
    await sendAll(
      peer,
      many(5, () => refer(SESSION)),
    );
    expect(served.limits).toMatchObject([{ limit: 'objects', sessionId: SESSION, observed: 5 }]);
  });
});
