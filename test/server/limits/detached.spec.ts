import { Subject } from 'rxjs';
import type { Answer } from '../../../operators/application/respond-to-submits';
import { HELD_RESULT_BYTES } from '../../../src/protocol/operation/result-outbox';
import type { ServerLimits } from '../../../src/server/limits/server-limits';
import { accept, type SessionPolicy } from '../../../src/server/opening/policy';
import type { ServerOptions } from '../../../src/server/options';
import { HEADER_LENGTH } from '../../../src/wire/header';
import { open, resumeToken, scriptedTokens, submit } from '../../../src/testing';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed, told } from '../../support/served';
import { arrived, openedPeer, sendAll, serveInVirtualTime } from './support';

afterEach(endServed);

const PART = HELD_RESULT_BYTES + HEADER_LENGTH + 64;

/** Sessions that answer from outside, and what becomes of them. */
function serve(limits: Partial<ServerLimits>, options: Partial<ServerOptions> = {}) {
  const answers = new Map<number, Subject<Answer>>();
  const states = new Map<number, unknown[]>();
  const { served, time } = serveInVirtualTime({ limits, randomBytes: scriptedTokens(), ...options });
  served.server.sessions$.subscribe((session) => {
    states.set(session.sessionId, told(session.state$));
    session.respond(() => {
      const answer$ = new Subject<Answer>();
      answers.set(session.sessionId, answer$);
      return answer$;
    });
  });
  /** A session with an operation in flight whose connection is gone. */
  const detach = async (id: number, auth = ''): Promise<void> => {
    const peer = await openedPeer(served, open(id).resumable().auth(auth));
    await sendAll(peer, [submit(id, 1)]);
    peer.destroy();
    await settled();
  };
  const part = (id: number, length: number): void => {
    answers.get(id)?.next(new Uint8Array(length));
  };
  return { served, time, states, detach, part };
}

describe('sessions that wait for their client', () => {
  it('are so many, and the next is over', async () => {
    const { served, states, detach } = serve({ maxDetachedSessions: 2 });
    await detach(1);
    await detach(2);
    expect(served.limits).toEqual([]);
    await detach(3);
    expect(served.limits).toEqual([
      {
        limit: 'maxDetachedSessions',
        peer: 'memory#3',
        sessionId: 3,
        allowed: 2,
        observed: 3,
        consequence: 'session-ended',
      },
    ]);
    expect([...states.values()].map((seen) => seen.at(-1))).toEqual(['reconnecting', 'reconnecting', '|']);
    expect(states.get(3)).toEqual(['open', 'expired', '|']);
    expect(served.server.usage).toMatchObject({ sessions: 2, operationsInFlight: 2 });
  });

  it('make room as they are resumed, and as they expire', async () => {
    const { served, time, states, detach } = serve({ maxDetachedSessions: 2 });
    await detach(1);
    await detach(2);
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, [open(1).resuming(resumeToken(1))]);
    expect(states.get(1)?.at(-1)).toBe('resumed');
    await detach(3);
    expect(states.get(3)?.at(-1)).toBe('reconnecting');
    time.advance(120_000);
    expect(served.server.sessionCount).toBe(1);
    await detach(4);
    await detach(5);
    expect(served.limits).toEqual([]);
    await detach(6);
    expect(served.limits).toHaveLength(1);
  });

  it('keep so many bytes of results in all; the session that has most of them is over', async () => {
    const { served, time, states, detach, part } = serve({ maxDetachedBytes: 3 * (PART + 100) });
    await detach(1);
    await detach(2);
    part(1, 100);
    part(2, 100);
    part(1, 100);
    expect(served.limits).toEqual([]);
    part(2, 0);
    expect(served.limits).toEqual([
      {
        limit: 'maxDetachedBytes',
        peer: 'memory#1',
        sessionId: 1,
        allowed: 3 * (PART + 100),
        observed: 3 * (PART + 100) + PART,
        consequence: 'session-ended',
      },
    ]);
    time.advance(1);
    expect(states.get(1)).toEqual(['open', 'reconnecting', 'expired', '|']);
    // Its bytes are free again, and no result of the other is lost.
    part(2, 100);
    expect(served.limits).toHaveLength(1);
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, [open(2).resuming(resumeToken(2))]);
    expect(await arrived(peer)).toHaveLength(4);
    expect(served.server.usage).toMatchObject({ sessions: 1 });
  });

  it('are those of who leaves thousands behind, oldest first, and not the next one', async () => {
    const policy: SessionPolicy = ({ auth }) => accept(undefined, { owner: Buffer.from(auth).toString() });
    const { served, states, detach, time } = serve({ maxDetachedSessions: 5 }, { policy });
    await detach(1, 'alice');
    for (let id = 2; id <= 20; id++) await detach(id, 'mallory');
    await detach(21, 'bob');
    time.advance(1);
    const waiting = [...states].filter(([, seen]) => seen.at(-1) === 'reconnecting').map(([id]) => id);
    expect(waiting).toEqual([1, 18, 19, 20, 21]);
    expect(served.limits).toHaveLength(16);
    expect(served.limits.map(({ sessionId }) => sessionId)).toEqual(
      Array.from({ length: 16 }, (_, index) => 2 + index),
    );
    expect(served.server.usage).toMatchObject({ sessions: 5, operationsInFlight: 5 });
  });

  it('count what waits already as they are detached', async () => {
    const { served, states, part } = serve({ maxDetachedBytes: PART + 99 });
    const peer = await openedPeer(served, open(1).resumable().announced());
    await sendAll(peer, [submit(1, 1)]);
    part(1, 100);
    await settled();
    expect(served.limits).toEqual([]);
    // The client has not said that it has it.
    peer.destroy();
    await settled();
    expect(served.limits).toMatchObject([{ limit: 'maxDetachedBytes', observed: PART + 100 }]);
    expect(states.get(1)).toEqual(['open', 'expired', '|']);
    expect(served.server.sessionCount).toBe(0);
  });
});
