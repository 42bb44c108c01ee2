import { NEVER } from 'rxjs';
import type { ServerSession } from '../../../src/server/session/session';
import { open, sessionCloseAck, submit } from '../../../src/testing';
import { CloseStatus } from '../../../src/wire/messages/session-close';
import { SessionOpenAckMetadata } from '../../../src/wire/messages/session-open';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed } from '../../support/served';
import { arrived, SESSION, sendAll, serveInVirtualTime } from '../limits/support';

afterEach(endServed);

/** A client that has been asked for the end, and says no. */
async function refusing() {
  const { served, time } = serveInVirtualTime();
  const sessions: ServerSession[] = [];
  served.server.sessions$.subscribe((session) => {
    sessions.push(session);
    session.respond(() => NEVER);
  });
  const peer = await Peer.connect(served.endpoint);
  await sendAll(peer, [open(SESSION).resumable().announced(), submit(SESSION, 1)]);
  const { metadata, body } = (await arrived(peer))[0]!;
  const token = body.subarray(0, SessionOpenAckMetadata.decode(metadata).resumeTokenBytes);
  const state = { isOver: false };
  void sessions[0]!.close({ drainTimeoutMs: 5000 }).then(() => {
    state.isOver = true;
  });
  await settled();
  await sendAll(peer, [sessionCloseAck(SESSION).with({ closeStatus: CloseStatus.Rejected })]);
  await peer.close();
  await settled();
  return { served, time, token, state };
}

describe('a client that refuses to close its session, and drops its connection', () => {
  it('has as long as it was given', async () => {
    const { served, time, state } = await refusing();
    time.advance(4999);
    await settled();
    expect([state.isOver, served.server.sessionCount]).toEqual([false, 1]);
    time.advance(1);
    await settled();
    expect([state.isOver, served.server.sessionCount]).toEqual([true, 0]);
    expect(time.pendingCount).toBe(0);
  });

  it('has no longer where it comes back', async () => {
    const { served, time, token, state } = await refusing();
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, [
      open(SESSION)
        .resuming(token)
        .announced({ receivedResults: 0, wantedOperations: [1] }),
      submit(SESSION, 2),
    ]);
    expect(served.server.sessionCount).toBe(1);
    time.advance(5000);
    await settled();
    expect([state.isOver, served.server.sessionCount]).toEqual([true, 0]);
  });
});
