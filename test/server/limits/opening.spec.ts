import { NEVER, Subject } from 'rxjs';
import { SessionErrorCode, SessionOpenAckMetadata } from '../../../src/wire/messages/session-open';
import { MessageType } from '../../../src/wire/message-type';
import { HEADER_LENGTH } from '../../../src/wire/header';
import type { Packet } from '../../../src/wire/packet';
import { CLIENT_CLAIMS } from '../../../src/protocol/session/session-extension';
import { refuse } from '../../../src/server/opening/policy';
import { clientHello, open, ping, probe, submit } from '../../../src/testing';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed } from '../../support/served';
import {
  arrived,
  errorsOf,
  FAREWELL,
  many,
  openedPeer,
  sendAll,
  serveInVirtualTime,
  SESSION,
} from './support';

afterEach(endServed);

function bytesOf(packets: readonly Packet[]): number {
  return packets.reduce((sum, { metadata, body }) => sum + HEADER_LENGTH + metadata.length + body.length, 0);
}

function codesOf(packets: readonly Packet[]): number[] {
  return packets
    .filter(({ header }) => header.messageType === MessageType.SessionOpenAck)
    .map(({ metadata }) => SessionOpenAckMetadata.decode(metadata).sessionErrorCode);
}

describe('before there is a session', () => {
  it('no timer is kept for a peer that cannot be asked for a sign of life', async () => {
    const keepAlive = { idleMs: 1000, timeoutMs: 500 };
    const { served, time } = serveInVirtualTime({ keepAlive, limits: { handshakeMs: Infinity } });
    const peers = await Promise.all([Peer.connect(served.endpoint), Peer.connect(served.endpoint)]);
    await settled();
    expect([served.server.connectionCount, time.pendingCount]).toEqual([2, 0]);
    await sendAll(peers[0], [open(SESSION).announced()]);
    expect(time.pendingCount).toBe(1);
    // The one that can be asked is, and does not answer; the other is let be.
    time.advance(1500);
    await settled();
    expect([served.server.connectionCount, time.pendingCount]).toEqual([1, 0]);
  });

  it('16 KiB are taken', async () => {
    const { served } = serveInVirtualTime();
    const peer = await Peer.connect(served.endpoint);
    const ack = open(SESSION);
    const room = 16_384 - bytesOf([ack]);
    // Nothing says what a probe's payload may be, so it may be all of it.
    await sendAll(peer, [probe(1, new Uint8Array(room - HEADER_LENGTH - 16)), ack]);
    expect(codesOf(await arrived(peer))).toEqual([SessionErrorCode.None]);
    // From here on more may come.
    await sendAll(peer, [submit(SESSION, 1, new Uint8Array(100_000))]);
    expect(served.limits).toEqual([]);
  });

  it('a byte more ends the connection', async () => {
    const { served } = serveInVirtualTime();
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, [probe(1, new Uint8Array(16_384 - HEADER_LENGTH - 16)), ping(1)]);
    expect(served.limits).toEqual([
      {
        limit: 'maxOpeningBytesIn',
        peer: 'memory#1',
        sessionId: undefined,
        allowed: 16_384,
        observed: 16_384 + HEADER_LENGTH,
        consequence: 'connection-closed',
      },
    ]);
    expect(errorsOf(await arrived(peer))).toEqual([FAREWELL]);
    expect(served.server.connectionCount).toBe(0);
  });

  it('a SESSION_OPEN that is longer never reaches the policy', async () => {
    const policy = jest.fn(() => SessionErrorCode.None);
    const { served } = serveInVirtualTime({ policy });
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, [open(SESSION).auth(new Uint8Array(16_384))]);
    expect(policy).not.toHaveBeenCalled();
    expect(served.limits).toMatchObject([{ limit: 'maxOpeningBytesIn' }]);
  });

  it('no more is said than is allowed, the last word among it', async () => {
    const { served } = serveInVirtualTime({ limits: { maxOpeningBytesOut: 1024 } });
    const peer = await Peer.connect(served.endpoint);
    // Each is answered with more than it has itself.
    await sendAll(
      peer,
      many(10, (number) => submit(number, 1)),
    );
    const said = await arrived(peer);
    expect(served.limits).toMatchObject([{ limit: 'maxOpeningBytesOut', allowed: 1024 }]);
    expect(served.limits[0]?.observed).toBeGreaterThan(1024);
    expect(bytesOf(said)).toBeLessThanOrEqual(1024);
    expect(said.length).toBeGreaterThan(4);
    expect(served.server.connectionCount).toBe(0);
  });

  it('ten refusals may be heard, with the longest of texts', async () => {
    const { served } = serveInVirtualTime({
      policy: ({ open: { requestedSessionId } }) =>
        requestedSessionId === SESSION || refuse('auth-failed', 'x'.repeat(256)),
    });
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, [...many(10, () => open(1).announced(CLIENT_CLAIMS)), open(SESSION)]);
    expect(codesOf(await arrived(peer))).toEqual([...failures(10), 0]);
    expect(served.limits).toEqual([]);
  });
});

function failures(count: number): number[] {
  return Array.from({ length: count }, () => SessionErrorCode.AuthFailed);
}

describe('sessions of a connection', () => {
  it('are 64, and one more once one is over', async () => {
    const { served } = serveInVirtualTime();
    const peer = await openedPeer(served, open(1));
    await sendAll(
      peer,
      many(63, (number) => open(1 + number)),
    );
    expect(codesOf(await arrived(peer))).toEqual(Array.from({ length: 63 }, () => SessionErrorCode.None));
    expect(served.limits).toEqual([]);
    await sendAll(peer, [open(65)]);
    expect(codesOf(await arrived(peer))).toEqual([SessionErrorCode.SessionLimitReached]);
    expect(served.limits).toEqual([
      {
        limit: 'maxSessionsPerConnection',
        peer: 'memory#1',
        sessionId: undefined,
        allowed: 64,
        observed: 65,
        consequence: 'refused',
      },
    ]);
    expect(served.server.usage).toMatchObject({ connections: 1, sessions: 64 });
    // Another connection has its own.
    expect(codesOf([(await firstAnswer(await Peer.connect(served.endpoint), open(65)))!])).toEqual([0]);
  });

  it('count from when a policy begins to think', async () => {
    const verdict$ = new Subject<number>();
    const policy = jest.fn(() => verdict$);
    const { served } = serveInVirtualTime({ policy, limits: { maxSessionsPerConnection: 2 } });
    const peer = await Peer.connect(served.endpoint);
    await sendAll(
      peer,
      many(3, (number) => open(number)),
    );
    expect(policy).toHaveBeenCalledTimes(2);
    expect(codesOf(await arrived(peer))).toEqual([SessionErrorCode.SessionLimitReached]);
    verdict$.next(SessionErrorCode.AuthFailed);
    await sendAll(peer, [open(4)]);
    expect(policy).toHaveBeenCalledTimes(3);
    expect(served.limits).toHaveLength(1);
  });
});

async function firstAnswer(peer: Peer, packet: Packet): Promise<Packet | undefined> {
  peer.send(packet);
  return peer.next();
}

describe('a handshake', () => {
  it.each<[string, Packet]>([
    ['SESSION_OPEN', open(SESSION)],
    ['a SESSION_OPEN that is refused', open(SESSION).with({ profileId: 99 })],
    ['CLIENT_HELLO', clientHello()],
  ])('is over with the answer to %s', async (_, packet) => {
    const { served, time } = serveInVirtualTime();
    const peer = await Peer.connect(served.endpoint);
    time.advance(4999);
    await sendAll(peer, [packet]);
    time.advance(100_000);
    expect(served.limits).toEqual([]);
    expect(served.server.connectionCount).toBe(1);
  });

  it.each<[string, Packet[]]>([
    ['nothing', []],
    ['PING', [ping(1)]],
    ['TRANSPORT_PROBE', [probe(1)]],
    ['what is for a session', [submit(SESSION, 1)]],
  ])('takes no longer than 5 s for a peer that says %s', async (_, packets) => {
    const { served, time } = serveInVirtualTime();
    time.advance(1000);
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, packets);
    time.advance(4999);
    await arrived(peer);
    expect(served.server.connectionCount).toBe(1);
    time.advance(1);
    expect(served.limits).toEqual([
      {
        limit: 'handshakeMs',
        peer: 'memory#1',
        sessionId: undefined,
        allowed: 5000,
        observed: 5000,
        consequence: 'connection-closed',
      },
    ]);
    expect(errorsOf(await arrived(peer))).toEqual([FAREWELL]);
    expect(served.server.connectionCount).toBe(0);
  });

  it('is not over while the policy thinks', async () => {
    const { served, time } = serveInVirtualTime({ policy: () => NEVER });
    const peer = await Peer.connect(served.endpoint);
    // The policy has as long, from here on.
    time.advance(1);
    await sendAll(peer, [open(SESSION)]);
    time.advance(4999);
    await settled();
    expect(served.limits).toMatchObject([{ limit: 'handshakeMs' }]);
    expect(served.server.connectionCount).toBe(0);
  });

  it('has its own time for each connection, and leaves no timer', async () => {
    const { served, time } = serveInVirtualTime();
    const first = await Peer.connect(served.endpoint);
    time.advance(3000);
    const second = await Peer.connect(served.endpoint);
    await sendAll(first, [open(1)]);
    time.advance(4999);
    expect(served.limits).toEqual([]);
    await sendAll(second, [open(2)]);
    expect(time.pendingCount).toBe(0);
    expect(served.server.connectionCount).toBe(2);
  });
});

describe('connections', () => {
  it('that are not past their handshake make room, the oldest first', async () => {
    const { served } = serveInVirtualTime({ limits: { maxHandshakes: 2 } });
    const settledPeer = await openedPeer(served);
    const peers = [await Peer.connect(served.endpoint), await Peer.connect(served.endpoint)];
    expect(served.limits).toEqual([]);
    peers.push(await Peer.connect(served.endpoint));
    expect(await peers[0]!.ended()).toBeUndefined();
    await settled();
    expect(served.limits).toEqual([
      {
        limit: 'maxHandshakes',
        peer: 'memory#2',
        sessionId: undefined,
        allowed: 2,
        observed: 3,
        consequence: 'connection-closed',
      },
    ]);
    expect(served.server.connectionCount).toBe(3);
    for (const peer of [settledPeer, peers[1]!, peers[2]!]) {
      await sendAll(peer, [ping(1)]);
      expect((await peer.next())?.header.messageType).toBe(MessageType.Pong);
    }
  });

  it('are refused past so many, until one is gone', async () => {
    const { served } = serveInVirtualTime({ limits: { maxConnections: 2 } });
    const peers = [await openedPeer(served, open(1)), await openedPeer(served, open(2))];
    const late = await Peer.connect(served.endpoint);
    expect(await late.ended()).toBeUndefined();
    expect(late.waiting).toBe(0);
    expect(served.limits).toEqual([
      {
        limit: 'maxConnections',
        peer: 'memory#3',
        sessionId: undefined,
        allowed: 2,
        observed: 3,
        consequence: 'connection-refused',
      },
    ]);
    expect(served.server.connectionCount).toBe(2);
    peers[0]!.destroy();
    await settled();
    expect(codesOf([(await firstAnswer(await Peer.connect(served.endpoint), open(3)))!])).toEqual([0]);
    expect(served.limits).toHaveLength(1);
  });
});
