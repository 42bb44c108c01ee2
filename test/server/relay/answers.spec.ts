import { clientHello, inPreview4, open } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { SessionOpenAckMetadata } from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';
import type { LimitTripped } from '../../../src/server/limits/limit-tripped';
import type { OpenPacket } from '../../../src/testing/packets/session-open';
import { Peer } from '../../support/peer';
import { told } from '../../support/served';
import { until } from '../../support/until';
import { Fleet, type Node } from './fleet';

const unlimited = { burst: Infinity, perSecond: 0 };
const MOST = 100;

let fleet: Fleet;

afterEach(() => fleet.end());

/** A peer of the reference at a node, with what it has been given. */
async function opened(node: Node, opening: OpenPacket) {
  const peer = await Peer.connect(node.place);
  peer.send(clientHello(), opening);
  await peer.next();
  const { metadata, body } = (await peer.next())!;
  const { sessionId, resumeTokenBytes } = SessionOpenAckMetadata.decode(metadata);
  return { peer, sessionId, token: body.slice(0, resumeTokenBytes) };
}

/** A peer whose session is at another node than its connection, and what that one's limits say. */
async function carried(): Promise<{ peer: Peer; sessionId: number; limits: LimitTripped[] }> {
  const limits = { controls: unlimited, objects: unlimited, maxQueuedReplies: MOST };
  fleet = new Fleet((session) => session.respond((submit) => submit.complete()), {
    supportedCacheObjects: [CacheObjectKind.CameraBlock],
    limits,
  });
  const [owner, relay] = [fleet.start(), fleet.start()];
  const { peer: before, sessionId, token } = await opened(owner, open().resumable());
  before.destroy();
  await until(() => owner.server.connectionCount === 0, 'the end of its connection');
  const { peer } = await opened(relay, open(sessionId).resuming(token));
  expect([owner.server.sessionCount, relay.server.sessionCount]).toEqual([1, 0]);
  return { peer, sessionId, limits: told(relay.server.limits$) as LimitTripped[] };
}

const ASKED: Record<string, (sessionId: number) => Packet> = {
  'what both ends can do': (sessionId) =>
    inPreview4(MessageType.CapabilityNegotiation, { sessionId }, { capabilityCount: 0 }),
  'an object that is not cached': (sessionId) =>
    inPreview4(
      MessageType.CacheReference,
      { sessionId },
      { cacheNamespace: 7, cacheKeyHi: 2n, cacheKeyLo: 9n, profileId: 2 },
    ),
};

describe('answers of a session at another node, that their peer does not read', () => {
  it.each(Object.entries(ASKED))('stop the reading of who asks for %s', async (_, asked) => {
    const { peer, sessionId, limits } = await carried();
    peer.transport.pause?.();
    peer.send(...Array.from({ length: 2 * MOST }, () => asked(sessionId)));
    await until(() => limits.length > 0, 'the limit');
    expect(limits).toMatchObject([
      { limit: 'maxQueuedReplies', allowed: MOST, consequence: 'reading-paused' },
    ]);
    peer.transport.resume?.();
    await until(() => peer.waiting === 2 * MOST, 'all answers');
    expect(fleet.failures).toEqual([]);
    peer.destroy();
  });
});
