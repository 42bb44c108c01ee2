import { NEVER, Subject } from 'rxjs';
import type { Server } from '../../../src/server/server';
import type { ServerOptions } from '../../../src/server/options';
import type { ServerSession } from '../../../src/server/session/session';
import { open, sessionCloseAck, submit } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { SessionOpenAckMetadata, SessionStatus } from '../../../src/wire/messages/session-open';
import { Listener, type ListenEndpoint } from '../../../src/transport/endpoint';
import { memory } from '../../../src/transport/memory';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed, told, type Served } from '../../support/served';
import type { VirtualTime } from '../../support/virtual-time';
import { arrived, openedPeer, sendAll, serveInVirtualTime, SESSION } from '../limits/support';

let clock: VirtualTime | undefined;

afterEach(async () => {
  const ended = endServed();
  // Clients give up what is gone, by the same clock.
  for (let seconds = 0; seconds < 20; seconds++) if (clock !== undefined) await pass(clock, 1000);
  await ended;
  clock = undefined;
});

const reconnect = { minDelayMs: 1000, jitter: 0, reopen: false };

/** A client with a session, whose one operation is answered with what a test says. */
async function asking(options: Partial<ServerOptions> = {}) {
  const { served, time } = serveInVirtualTime(options);
  clock = time;
  const answer$ = new Subject<string>();
  served.server.sessions$.subscribe((session) => session.respond(() => answer$));
  const session = await served.open({ reconnect }, { scheduler: time, keepAlive: { idleMs: 0 } });
  const texts = told(session.submit({ body: 'x' }).text$);
  await settled();
  answer$.next('a');
  await settled();
  return { served, time, session, texts, answer$ };
}

async function pass(time: VirtualTime, ms: number): Promise<void> {
  time.advance(ms);
  await settled();
}

/** Closes a server as it does by default, and says whether it has. */
function closing(server: Server) {
  const state = { isClosed: false };
  void server.close().then(() => {
    state.isClosed = true;
  });
  return state;
}

async function answersTo(served: Served, opening: ReturnType<typeof open>): Promise<SessionStatus> {
  const peer = await openedPeerOf(served, opening);
  return SessionOpenAckMetadata.decode(peer.ack.metadata).sessionStatus;
}

async function openedPeerOf(served: Served, opening: ReturnType<typeof open>) {
  const peer = await Peer.connect(served.endpoint);
  peer.send(opening);
  const ack = (await peer.next())!;
  return { peer, ack };
}

const tokenOf = async (peer: Peer) => {
  const { metadata, body } = (await peer.next())!;
  return body.subarray(0, SessionOpenAckMetadata.decode(metadata).resumeTokenBytes);
};

describe('a server that closes while a client is away', () => {
  it('keeps a finished answer until it is fetched, and not a moment longer', async () => {
    const { served, time, texts, answer$ } = await asking();
    served.endpoint.cut();
    await settled();
    answer$.next('b');
    answer$.complete();
    const state = closing(served.server);
    await pass(time, 999);
    expect([state.isClosed, texts]).toEqual([false, ['a']]);
    await pass(time, 1);
    expect([texts, state.isClosed]).toEqual([['a', 'b', '|'], true]);
    expect(served.limits).toEqual([]);
    expect(time.pendingCount).toBe(0);
  });

  it('goes on with an answer that is not finished', async () => {
    const { served, time, texts, answer$ } = await asking();
    served.endpoint.cut();
    await settled();
    const state = closing(served.server);
    answer$.next('b');
    await pass(time, 1000);
    answer$.next('c');
    await settled();
    expect([texts, state.isClosed]).toEqual([['a', 'b', 'c'], false]);
    answer$.complete();
    await settled();
    expect([texts, state.isClosed]).toEqual([['a', 'b', 'c', '|'], true]);
  });

  it.each([
    ['for its grace', {}, 10_000],
    ['no longer than the session does', { resumeWindowMs: 3000 }, 3000],
  ])('waits for it %s', async (_, options, waitMs) => {
    const { served, time } = serveInVirtualTime(options);
    const answer$ = new Subject<string>();
    served.server.sessions$.subscribe((session) => session.respond(() => answer$));
    const peer = await openedPeer(served, open(SESSION).resumable().announced());
    await sendAll(peer, [submit(SESSION, 1)]);
    await peer.close();
    await settled();
    answer$.complete();
    const state = closing(served.server);
    await pass(time, waitMs - 1);
    expect(state.isClosed).toBe(false);
    await pass(time, 1);
    expect(state.isClosed).toBe(true);
    expect(time.pendingCount).toBe(0);
  });

  it('waits no more once nothing is there for it', async () => {
    const { served, time, session } = await asking();
    served.endpoint.cut();
    await settled();
    const state = closing(served.server);
    await session.close();
    await pass(time, 1000);
    expect(state.isClosed).toBe(true);
  });

  it('may be told to hurry', async () => {
    const { served, time, texts } = await asking();
    served.endpoint.cut();
    await settled();
    const state = closing(served.server);
    await pass(time, 100);
    expect(state.isClosed).toBe(false);
    void served.server.close({ graceMs: 0 });
    await settled();
    expect([state.isClosed, served.server.sessionCount]).toEqual([true, 0]);
    expect(texts).toEqual(['a']);
  });

  it('takes clients that come back, and no others', async () => {
    const { served, time } = serveInVirtualTime();
    const answer$ = new Subject<string>();
    served.server.sessions$.subscribe((session) => session.respond(() => answer$));
    const peer = await Peer.connect(served.endpoint);
    peer.send(open(SESSION).resumable(), submit(SESSION, 1));
    const token = await tokenOf(peer);
    await settled();
    await peer.close();
    await settled();
    answer$.complete();
    const state = closing(served.server);
    const { RetryLater, Rejected, Resumed } = SessionStatus;
    expect(await answersTo(served, open(SESSION + 1))).toBe(RetryLater);
    expect(await answersTo(served, open(SESSION + 1).resuming(token))).toBe(RetryLater);
    expect(await answersTo(served, open(SESSION).resuming(token.map((byte) => byte ^ 1)))).toBe(Rejected);
    const back = await openedPeerOf(served, open(SESSION).resuming(token));
    expect(SessionOpenAckMetadata.decode(back.ack.metadata).sessionStatus).toBe(Resumed);
    // Who cannot say what it has is given what was never sent, and has it then.
    expect((await arrived(back.peer)).map(({ header }) => header.messageType)).toEqual([
      MessageType.ResultPush,
    ]);
    expect(state.isClosed).toBe(true);
    expect(time.pendingCount).toBe(0);
  });
});

describe('a server that closes, and whose client is cut then', () => {
  it('waits for it, and gives it the rest', async () => {
    const { served, time, texts, answer$, session } = await asking();
    const states = told(session.state$);
    const state = closing(served.server);
    await settled();
    for (const part of ['b', 'c', 'd']) {
      served.endpoint.cut();
      await settled();
      answer$.next(part);
      for (let seconds = 0; seconds < 3; seconds++) await pass(time, 1000);
    }
    expect([state.isClosed, texts]).toEqual([false, ['a', 'b', 'c', 'd']]);
    answer$.complete();
    await settled();
    expect([state.isClosed, texts.at(-1), states.at(-1)]).toEqual([true, '|', '|']);
    expect(served.failures).toEqual([]);
    expect(served.violations).toEqual([]);
    expect(time.pendingCount).toBe(0);
  });

  it('goes on over its new connection, though it does not know that the other is lost', async () => {
    const { served, time } = serveInVirtualTime();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await Peer.connect(served.endpoint);
    peer.send(open(SESSION).resumable().announced(), submit(SESSION, 1));
    const token = await tokenOf(peer);
    const state = closing(served.server);
    await settled();
    const back = open(SESSION)
      .resuming(token)
      .announced({ receivedResults: 0, wantedOperations: [1] });
    const again = await openedPeerOf(served, back);
    const told = await arrived(again.peer);
    expect(told.map(({ header }) => header.messageType)).toEqual([MessageType.SessionClose]);
    // Past the second that the first connection had to say that it has everything.
    await pass(time, 5000);
    expect([state.isClosed, served.server.usage.operationsInFlight]).toEqual([false, 1]);
    again.peer.send(sessionCloseAck(SESSION, 1));
    await settled();
    expect(state.isClosed).toBe(true);
    expect(time.pendingCount).toBe(0);
  });

  it.each([
    ['a second later', 10_000, 1000],
    ['with its grace, where that is less', 500, 500],
  ])('cuts one that does not say that it has what has ended: %s', async (_, graceMs, waitMs) => {
    const { served, time } = serveInVirtualTime();
    const answer$ = new Subject<string>();
    served.server.sessions$.subscribe((session) => session.respond(() => answer$));
    const peer = await Peer.connect(served.endpoint);
    peer.send(open(SESSION).resumable().announced(), submit(SESSION, 1));
    const token = await tokenOf(peer);
    await settled();
    answer$.complete();
    let isClosed = false;
    void served.server.close({ graceMs }).then(() => {
      isClosed = true;
    });
    await pass(time, waitMs - 1);
    expect(served.server.connectionCount).toBe(1);
    await pass(time, 1);
    expect([served.server.connectionCount, isClosed]).toEqual([0, waitMs === graceMs]);
    if (isClosed) return;
    // It may fetch that yet.
    const back = open(SESSION)
      .resuming(token)
      .announced({ receivedResults: 0, wantedOperations: [1] });
    const again = await openedPeerOf(served, back);
    expect((await arrived(again.peer)).map(({ header }) => header.messageType)).toEqual([
      MessageType.ResultPush,
      MessageType.SessionClose,
    ]);
    again.peer.send(sessionCloseAck(SESSION, 1));
    await settled();
    expect(isClosed).toBe(true);
    expect(time.pendingCount).toBe(0);
  });

  it('cuts no connection where another session is at work, before that is over', async () => {
    const { served, time } = serveInVirtualTime();
    const answers = new Map([SESSION, SESSION + 1].map((id) => [id, new Subject<string>()] as const));
    served.server.sessions$.subscribe((session) => session.respond(() => answers.get(session.sessionId)!));
    const peer = await openedPeer(served, open(SESSION).resumable().announced());
    await sendAll(peer, [open(SESSION + 1).announced(), submit(SESSION, 1), submit(SESSION + 1, 1)]);
    answers.get(SESSION)!.complete();
    await arrived(peer);
    const state = closing(served.server);
    await pass(time, 3000);
    answers.get(SESSION + 1)!.complete();
    const { SessionClose, ResultPush } = MessageType;
    const heard = (await arrived(peer)).map(({ header }) => [header.messageType, header.sessionId]);
    expect(heard).toEqual([
      [SessionClose, SESSION],
      [SessionClose, SESSION + 1],
      [ResultPush, SESSION + 1],
    ]);
    await sendAll(peer, [sessionCloseAck(SESSION + 1, 1)]);
    expect([served.server.connectionCount, served.server.sessionCount]).toEqual([1, 1]);
    // The other has heard nothing yet.
    await pass(time, 1000);
    expect([served.server.connectionCount, served.server.sessionCount]).toEqual([0, 1]);
    expect([state.isClosed, served.violations]).toEqual([false, []]);
    await pass(time, 6000);
    expect(state.isClosed).toBe(true);
    expect(time.pendingCount).toBe(0);
  });

  it('takes none for silent before its grace is over where its transport does not tell', async () => {
    const inner = memory();
    const silent: ListenEndpoint = {
      ...inner,
      listen: (options) =>
        new Listener('memory', ({ accept, listening }) =>
          inner.listen(options).subscribe((transport) => {
            Object.defineProperty(transport, 'reads', { get: () => undefined, set: () => undefined });
            listening({ kind: 'memory', host: 'memory', port: 0, url: 'memory:' });
            accept(transport);
          }),
        ),
    };
    const { served, time } = serveInVirtualTime({ listen: silent });
    served.server.sessions$.subscribe((session) => session.respond((each) => each.complete()));
    const peer = await Peer.connect(inner);
    peer.send(open(SESSION).resumable().announced(), submit(SESSION, 1));
    await settled();
    const state = closing(served.server);
    await pass(time, 9999);
    expect([served.server.connectionCount, state.isClosed]).toEqual([1, false]);
    await pass(time, 1);
    expect(state.isClosed).toBe(true);
  });

  it('waits for none that its application closes, past the time that this gives it', async () => {
    const { served, time } = serveInVirtualTime();
    const answer$ = new Subject<string>();
    served.server.sessions$.subscribe((session) => {
      session.respond(() => answer$);
      session.submits$.subscribe(() => void session.close({ drainTimeoutMs: 60 }));
    });
    const peer = await openedPeer(served, open(SESSION).resumable().announced());
    await sendAll(peer, [submit(SESSION, 1)]);
    answer$.complete();
    await settled();
    const state = closing(served.server);
    await pass(time, 59);
    expect(state.isClosed).toBe(false);
    await pass(time, 1);
    expect(state.isClosed).toBe(true);
  });

  it('waits for none that its application closes after it', async () => {
    const { served, time } = serveInVirtualTime();
    let own: ServerSession | undefined;
    served.server.sessions$.subscribe((session) => {
      own = session;
      session.respond(() => NEVER);
    });
    const peer = await openedPeer(served, open(SESSION).resumable().announced());
    await sendAll(peer, [submit(SESSION, 1)]);
    const state = closing(served.server);
    await settled();
    void own!.close({ drainTimeoutMs: 1000 });
    await pass(time, 500);
    await peer.close();
    await pass(time, 500);
    expect([state.isClosed, served.server.sessionCount]).toEqual([true, 0]);
  });

  it('ends with its grace all the same', async () => {
    const { served, time } = await asking();
    const state = closing(served.server);
    await pass(time, 9999);
    served.endpoint.cut();
    await settled();
    expect(state.isClosed).toBe(false);
    await pass(time, 1);
    expect(state.isClosed).toBe(true);
  });
});
