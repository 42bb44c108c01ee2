import type { ReconnectOptions } from '../../../src/client/options';
import { encodeSessionExtension } from '../../../src/protocol/session/session-extension';
import { MessageType } from '../../../src/wire/message-type';
import {
  SessionAckFlag,
  SessionOpenAckMetadata,
  SessionOpenMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import { packet, type Packet } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import { openAckPacket } from '../../support/packets';
import type { Peer } from '../../support/peer';
import { told } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';
import { accept, connectUnasked, NOTHING, played, PlayedPlace } from '../support';

/** What a promise has come to, so far. */
function outcomeOf(promise: Promise<unknown>): { readonly outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: 'pending' };
  promise.then(
    () => {
      seen.outcome = 'resolved';
    },
    (error: unknown) => {
      seen.outcome = error;
    },
  );
  return seen;
}

/** An ack that gives or takes a token. */
function resumable(
  sessionId: number,
  sessionStatus: SessionStatus,
  fields: Partial<SessionOpenAckMetadata> = {},
): Packet {
  const extension = encodeSessionExtension({ lastOperationId: 0 });
  const ack = SessionOpenAckMetadata.of({
    sessionId,
    sessionStatus,
    sessionFlagsAck: SessionAckFlag.ResumeEnabled,
    resumeWindowMs: 60_000,
    resumeTokenBytes: 16,
    sessionExtensionBytes: extension.length,
    grantedOperationCredit: 4,
    maxInFlightOperations: 4,
    ...fields,
  });
  const body = Uint8Array.from([...new Uint8Array(16).fill(7), ...extension]);
  const header = { messageType: MessageType.SessionOpenAck, sessionId };
  return packet(header, SessionOpenAckMetadata.encode(ack), body);
}

const keepAlive = { idleMs: 0 };

async function playedInTime(openTimeoutMs?: number) {
  const time = new VirtualTime();
  const options = { scheduler: time, keepAlive };
  return {
    time,
    ...(await played(openTimeoutMs === undefined ? options : { ...options, openTimeoutMs })),
    async pass(ms: number): Promise<void> {
      // What was sent before comes before.
      await settled();
      time.advance(ms);
      await settled();
    },
  };
}

describe('a server that does not answer SESSION_OPEN', () => {
  it.each([
    [undefined, 30_000],
    [250, 250],
  ])('is waited for as long as told: %p', async (openTimeoutMs, ms) => {
    const { client, peer, time, pass } = await playedInTime(openTimeoutMs);
    const opening = outcomeOf(client.openSession({ requestedSessionId: 5 }));
    const ended = told(client.ended$);
    await pass(ms - 1);
    expect(opening.outcome).toBe('pending');
    await pass(1);
    expect(opening.outcome).toMatchObject({
      name: 'RuntimeError',
      kind: 'io',
      reach: 'connection',
      origin: 'peer',
      message: `the server at memory:right has not answered SESSION_OPEN for session 5 within ${ms} ms, which ends the connection; connect again, or allow it more time with openTimeoutMs`,
    });
    await peer.ended();
    expect(ended).toEqual([opening.outcome]);
    expect(client.usage).toEqual(NOTHING);
    expect(time.pendingCount).toBe(0);
  });

  it('may answer at the last moment, and nothing is left of the wait', async () => {
    const { client, peer, time, pass } = await playedInTime(250);
    const opening = outcomeOf(client.openSession());
    await pass(249);
    peer.send(accept(1));
    await settled();
    expect(opening.outcome).toBe('resolved');
    expect(time.pendingCount).toBe(0);
    await pass(10_000);
    expect(client.usage).toMatchObject({ links: 1, sessions: 1 });
    await client.close();
  });

  it('has as long for each open, from when it is sent', async () => {
    const { client, peer, pass } = await playedInTime(250);
    const openings = [1, 2, 3].map((requestedSessionId) =>
      outcomeOf(client.openSession({ requestedSessionId })),
    );
    await pass(200);
    peer.send(accept(1));
    await pass(200);
    peer.send(openAckPacket({ metadata: { sessionStatus: SessionStatus.RetryLater } }));
    await pass(249);
    expect(openings.map(({ outcome }) => outcome)).toMatchObject([
      'resolved',
      { name: 'SessionRejectedError' },
      'pending',
    ]);
    await pass(1);
    expect(openings[2]!.outcome).toMatchObject({ kind: 'io' });
  });

  it('rejects the opens that wait behind it, which would not be told apart', async () => {
    const { client, pass } = await playedInTime(250);
    const openings = [0, 2].map((requestedSessionId) =>
      outcomeOf(client.openSession({ requestedSessionId })),
    );
    await pass(250);
    const message = expect.stringContaining('SESSION_OPEN for a session within 250 ms') as unknown;
    expect(openings).toMatchObject([{ outcome: { message } }, { outcome: { message } }]);
  });

  it('may take as long as it likes where it is told so', async () => {
    const { client, peer, time, pass } = await playedInTime(Infinity);
    const opening = outcomeOf(client.openSession());
    expect(time.pendingCount).toBe(0);
    await pass(1e9);
    peer.send(accept(1));
    await settled();
    expect(opening.outcome).toBe('resolved');
    await client.close();
  });

  it('is waited for by a client that is closed as long as its close may take', async () => {
    const { client, time, pass } = await playedInTime();
    const opening = outcomeOf(client.openSession());
    const closing = client.close();
    await pass(4999);
    expect(opening.outcome).toBe('pending');
    await pass(1);
    await closing;
    expect(opening.outcome).toMatchObject({ kind: 'io' });
    expect(time.pendingCount).toBe(0);
  });
});

/** A client with a session that reconnects, after 100 ms at first. */
async function withSession(fields: Partial<SessionOpenAckMetadata> = {}, reconnect: ReconnectOptions = {}) {
  const time = new VirtualTime();
  const place = new PlayedPlace();
  const client = await connectUnasked(place.endpoint, {
    scheduler: time,
    keepAlive,
    random: () => 0,
    openTimeoutMs: 250,
  });
  const opening = client.openSession({ requestedSessionId: 7, reconnect });
  place.peers[0]!.send(resumable(7, SessionStatus.Opened, fields));
  const session = await opening;
  return {
    time,
    place,
    client,
    session,
    states: told(session.state$),
    violations: told(client.violations$),
    async pass(ms: number): Promise<void> {
      // What was sent before comes before.
      await settled();
      time.advance(ms);
      await settled();
    },
  };
}

/** The session ids of the SESSION_OPENs that have come. */
async function opensAt(peer: Peer): Promise<number[]> {
  const ids: number[] = [];
  while (peer.waiting > 0) {
    const came = await peer.next();
    if (came?.header.messageType !== MessageType.SessionOpen) continue;
    ids.push(SessionOpenMetadata.decode(came.metadata).requestedSessionId);
  }
  return ids;
}

describe('a session on a connection whose server does not answer another one’s SESSION_OPEN', () => {
  it('goes on over another, where the next open gets its own answer and not the late one', async () => {
    const { place, client, session, states, violations, pass } = await withSession();
    const unanswered = outcomeOf(client.openSession({ requestedSessionId: 8 }));
    const seen = told(session.submit({ body: 'x' }));
    await pass(250);
    expect(unanswered.outcome).toMatchObject({ kind: 'io' });
    expect(states).toEqual(['open', 'reconnecting']);
    await expect(client.openSession({ requestedSessionId: 9 })).rejects.toThrow('has ended; connect again');
    place.peers[0]!.send(accept(8));
    await pass(100);
    place.peers[1]!.send(resumable(7, SessionStatus.Resumed));
    await settled();
    expect(states).toEqual(['open', 'reconnecting', 'resumed']);
    const next = client.openSession({ requestedSessionId: 9 });
    await settled();
    place.peers[0]!.send(accept(8));
    place.peers[1]!.send(accept(9));
    expect((await next).sessionId).toBe(9);
    expect(await opensAt(place.peers[1]!)).toEqual([7, 9]);
    expect([seen, violations]).toEqual([[], []]);
    expect(client.usage).toMatchObject({ links: 1, sessions: 2, operationsInFlight: 1, acksAwaited: 0 });
    await client.close();
  });
});

describe('a server that does not answer a resume', () => {
  it('has failed an attempt: the next comes after the wait for it, over another connection', async () => {
    const { time, place, client, states, violations, pass } = await withSession();
    place.peers[0]!.destroy();
    await settled();
    await pass(100);
    expect(await opensAt(place.peers[1]!)).toEqual([7]);
    await pass(249);
    expect(place.peers).toHaveLength(2);
    await pass(1);
    await place.peers[1]!.ended();
    expect(states).toEqual(['open', 'reconnecting']);
    await pass(199);
    expect(place.peers).toHaveLength(2);
    await pass(1);
    expect(await opensAt(place.peers[2]!)).toEqual([7]);
    place.peers[1]!.send(resumable(7, SessionStatus.Resumed));
    await settled();
    expect(states).toEqual(['open', 'reconnecting']);
    place.peers[2]!.send(resumable(7, SessionStatus.Resumed));
    await settled();
    expect(states).toEqual(['open', 'reconnecting', 'resumed']);
    expect(violations).toEqual([]);
    expect(time.pendingCount).toBe(0);
    await client.close();
  });

  it('is asked once more where the resume window ended meanwhile: who stood still may be there again', async () => {
    const { place, states, client, pass } = await withSession({ resumeWindowMs: 200 }, { reopen: false });
    place.peers[0]!.destroy();
    await settled();
    await pass(100);
    await pass(250);
    expect(states).toEqual(['open', 'reconnecting']);
    await pass(0);
    place.peers[2]!.send(resumable(7, SessionStatus.Resumed, { resumeWindowMs: 200 }));
    await settled();
    expect(states).toEqual(['open', 'reconnecting', 'resumed']);
    place.peers[2]!.destroy();
    await settled();
    // The attempt at the end of the window is the last.
    await pass(200);
    expect(await opensAt(place.peers[3]!)).toEqual([7]);
    await pass(250);
    expect(states).toEqual(['open', 'reconnecting', 'resumed', 'reconnecting', 'expired', '|']);
    expect(place.peers).toHaveLength(4);
    await client.close();
  });
});
