import { Observable } from 'rxjs';
import { SessionRejectedError } from '../../src';
import { tcp } from '../../src/transport/tcp/tcp';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import type { Transport } from '../../src/transport/transport';
import { MessageType } from '../../src/wire/message-type';
import { CloseStatus } from '../../src/wire/messages/session-close';
import { SessionAckFlag, SessionErrorCode, SessionStatus } from '../../src/wire/messages/session-open';
import { text } from '../support/packets';
import { Inbox } from './inbox';
import { openMetadata } from './open-metadata';
import type { RustServer } from './rust-peer';
import { rustError, stage } from './stage';
import { StandingClock } from './standing-clock';

const on = stage();

const OPEN = { requestedSessionId: 7, allowResume: true } as const;
const RESUME = { ...OPEN, resumeTokenBytes: 24 } as const;
const REFUSED = 'UnexpectedMessage: client session open was not accepted';

describe('resume by id, the Rust client at this server', () => {
  it('goes on after a cut: the id lives on, in a session that starts anew', async () => {
    const { server, port, sessions, rust, session } = await on.rustClient({ resume: 'by-id' }, OPEN);
    expect(session.granted).toMatchObject({
      sessionStatus: SessionStatus.Opened,
      resumeTokenBytes: 24,
      resumeWindowMs: 120_000,
      sessionFlagsAck: SessionAckFlag.ResumeEnabled,
    });
    const lost = new Inbox(session.submits$);
    await rust.submit({ body: text('before') });
    const submit = await lost.next();

    await rust.drop();
    expect(await lost.rest()).toEqual([]);
    expect(await new Inbox(submit.ended$).rest()).toEqual(['disconnected']);
    expect(server.sessionCount).toBe(1);

    const again = await (await on.rust.connect({ port, ...RESUME })).openSession();
    expect(again.opened).toMatchObject({ sessionId: 7, session: { state: 'resumed' } });
    const resumed = await sessions.next();
    expect(resumed.granted).toMatchObject({
      sessionStatus: SessionStatus.Resumed,
      sessionId: 7,
      resumeTokenBytes: 24,
      sessionFlagsAck: SessionAckFlag.ResumeEnabled,
    });
    expect(server.sessionCount).toBe(1);

    resumed.respond(() => ['after']);
    expect(await again.submit({})).toBe(1);
    expect(await again.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
  });

  it('goes on again and again', async () => {
    const { server, port, sessions, rust, session } = await on.rustClient({ resume: 'by-id' }, OPEN);
    let present = { rust, session };
    for (let times = 0; times < 5; times += 1) {
      const over = new Inbox(present.session.submits$);
      await present.rust.drop();
      await over.rest();
      const again = await (await on.rust.connect({ port, ...RESUME })).openSession();
      present = { rust: again, session: await sessions.next() };
    }
    present.session.respond(() => ['here']);
    await present.rust.submit({});
    expect(await present.rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
    expect(server.sessionCount).toBe(1);
    expect(server.connectionCount).toBe(1);
  });

  it('takes a session over whose connection still lives', async () => {
    const { port, sessions, violations, rust, session } = await on.rustClient({ resume: 'by-id' }, OPEN);
    const superseded = new Inbox(session.submits$);
    const again = await (await on.rust.connect({ port, ...RESUME })).openSession();
    expect(again.opened.session?.state).toBe('resumed');
    expect(await superseded.rest()).toEqual([]);
    (await sessions.next()).respond(() => ['mine']);

    // The one before is told that the session is not its own any more, which its runtime does not take.
    await rust.submit({});
    expect(await rustError(rust.awaitEvent())).toContain('client expected RESULT_PUSH');
    expect(await violations.next()).toBe('unexpected-message: server received submit for another session');
    await again.submit({});
    expect(await again.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
  });

  it('finds the other blocks of an open whose token is announced and not sent', async () => {
    const told: string[] = [];
    const { port } = await on.rustClient(
      {
        resume: 'by-id',
        policy: ({ auth }) => {
          told.push(new TextDecoder().decode(auth));
          return SessionErrorCode.None;
        },
      },
      OPEN,
    );
    const raw = await on.rust.rawConnect(port);
    const record = { ...openMetadata(RESUME), authBytes: 11 };
    const body = text('open sesame');
    await raw.send(await on.rust.encodePacket({ messageType: MessageType.SessionOpen, record, body }));
    expect((await raw.readPacket()).record).toMatchObject({ sessionStatus: SessionStatus.Resumed });
    expect(told).toEqual(['', 'open sesame']);
  });

  it('is rejected once the window is over, and the id is free', async () => {
    const clock = new StandingClock();
    const { server, port, rust, session } = await on.rustClient(
      { resume: 'by-id', scheduler: clock.scheduler },
      OPEN,
    );
    const over = new Inbox(session.submits$);
    await rust.drop();
    await over.rest();
    clock.goTo(119_999);
    expect(server.sessionCount).toBe(1);
    clock.goTo(120_000);
    expect(server.sessionCount).toBe(0);

    expect(await rustError((await on.rust.connect({ port, ...RESUME })).openSession())).toBe(REFUSED);
    await (await on.rust.connect({ port, ...OPEN })).openSession();
  });

  it('is rejected after a close', async () => {
    const { server, port, rust } = await on.rustClient({ resume: 'by-id' }, OPEN);
    await rust.close();
    expect(server.sessionCount).toBe(0);
    expect(await rustError((await on.rust.connect({ port, ...RESUME })).openSession())).toBe(REFUSED);
  });

  it('is not kept open for who does not want it: the id is free after a cut', async () => {
    const { server, port, rust, session } = await on.rustClient(
      { resume: 'by-id' },
      { requestedSessionId: 7 },
    );
    const over = new Inbox(session.submits$);
    await rust.drop();
    await over.rest();
    expect(server.sessionCount).toBe(0);
    await (await on.rust.connect({ port, requestedSessionId: 7 })).openSession();
  });
});

describe('resume by token, which the Rust client does not have', () => {
  it('is granted, with a token that its runtime reads over', async () => {
    const { rust, session } = await on.rustClient({ resume: 'token' }, OPEN);
    expect(session.granted).toMatchObject({
      resumeTokenBytes: 24,
      sessionFlagsAck: SessionAckFlag.ResumeEnabled,
    });
    session.respond(() => ['fine']);
    await rust.submit({});
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
  });

  it('is refused to who only names the id; the id is free when the window is over', async () => {
    const clock = new StandingClock();
    const { server, port, rust, session } = await on.rustClient(
      { resume: 'token', scheduler: clock.scheduler },
      OPEN,
    );
    const attachment = new Inbox(session.state$);
    expect(await attachment.next()).toBe('open');

    // Neither while the connection lives, nor after.
    expect(await rustError((await on.rust.connect({ port, ...RESUME })).openSession())).toBe(REFUSED);
    await rust.drop();
    expect(await attachment.next()).toBe('reconnecting');
    expect(await rustError((await on.rust.connect({ port, ...RESUME })).openSession())).toBe(REFUSED);
    expect(await rustError((await on.rust.connect({ port, ...OPEN })).openSession())).toBe(REFUSED);

    clock.goTo(120_000);
    expect(await attachment.rest()).toEqual(['expired']);
    expect(server.sessionCount).toBe(0);
    await (await on.rust.connect({ port, ...OPEN })).openSession();
  });
});

/** An endpoint whose connections a test can cut. */
function cuttable(port: number): { readonly endpoint: ConnectEndpoint; cut(): void } {
  const transports: Transport[] = [];
  const { connect, ...place } = tcp({ port });
  const endpoint = {
    ...place,
    connect: () =>
      new Observable<Transport>((subscriber) =>
        connect().subscribe({
          next: (transport) => {
            transports.push(transport);
            subscriber.next(transport);
          },
          error: (error: unknown) => {
            subscriber.error(error);
          },
          complete: () => {
            subscriber.complete();
          },
        }),
      ),
  };
  return {
    endpoint,
    cut: () => {
      for (const transport of transports) transport.destroy();
    },
  };
}

describe('resume, this client at a Rust server', () => {
  /** Takes session 7 up on a connection of its own. */
  async function resume(rustServer: RustServer) {
    const { client } = await on.connect(rustServer.port);
    const [rust, session] = await Promise.all([rustServer.accept(), client.openSession(RESUME)]);
    return { rust, session };
  }

  it('goes on after the server was cut off', async () => {
    const { rustServer, rust, session, client } = await on.rustServer({}, OPEN);
    expect(session.state).toBe('open');
    expect(session.granted).toMatchObject({
      resumeTokenBytes: 24,
      sessionFlagsAck: SessionAckFlag.ResumeEnabled,
    });
    const lost = new Inbox(session.submit({ body: 'before' }));
    await rust.receiveSubmit();

    await rust.drop();
    await expect(lost.next()).rejects.toMatchObject({ reason: 'connection-lost', frameId: 1 });
    await expect(client.openSession(RESUME)).rejects.toMatchObject({ kind: 'io' });
    expect(session.state).toBe('closed');
    expect(await rustServer.sessionCount()).toBe(1);

    const again = await resume(rustServer);
    expect(again.session.state).toBe('resumed');
    expect(again.session.granted.sessionStatus).toBe(SessionStatus.Resumed);
    expect(again.rust.clientOpen).toMatchObject({ requestedSessionId: 7, resumeTokenBytes: 24 });
    expect(await again.rust.snapshot()).toMatchObject({ sessionId: 7, session: { state: 'resumed' } });

    const answer = new Inbox(again.session.submit({ body: 'after' }));
    const submit = await again.rust.receiveSubmit();
    expect(new TextDecoder().decode(submit.body)).toBe('after');
    await again.rust.sendResult({ frameId: submit.frameId });
    expect(await answer.rest()).toHaveLength(1);
    expect(await rustServer.sessionCount()).toBe(1);
  });

  it('goes on after it was cut off itself', async () => {
    const rustServer = await on.rust.bind();
    const { endpoint, cut } = cuttable(rustServer.port);
    const { client } = await on.connect(endpoint);
    const [rust, session] = await Promise.all([rustServer.accept(), client.openSession(OPEN)]);
    const lost = new Inbox(session.submit({}));
    await rust.receiveSubmit();

    cut();
    await expect(lost.next()).rejects.toMatchObject({ reason: 'connection-lost' });
    expect(await rustError(rust.receiveSubmit())).toMatch(/^Io (UnexpectedEof|ConnectionReset)$/);

    const again = await resume(rustServer);
    expect(again.session.state).toBe('resumed');
    const [closed] = await Promise.all([
      again.session.close(),
      again.rust.receiveClose().then(() => again.rust.ackClose()),
    ]);
    expect(closed?.closeStatus).toBe(CloseStatus.Closed);
  });

  it('takes a session over whose connection still lives', async () => {
    const { rustServer, rust } = await on.rustServer({}, OPEN);
    const again = await resume(rustServer);
    expect(again.session.state).toBe('resumed');
    expect(await rustServer.sessionCount()).toBe(1);
    // To the runtime both connections are the session: nobody tells the one before.
    expect((await rust.snapshot()).session?.state).toBe('open');
  });

  it('is rejected once the server has forgotten the session, which it does with its object', async () => {
    const { rustServer, rust, session } = await on.rustServer({}, OPEN);
    await Promise.all([session.close(), rust.receiveClose().then(() => rust.ackClose())]);

    // Closed in both views, and the id still in use.
    const early = await on.connect(rustServer.port);
    const refused = expect(early.client.openSession(OPEN)).rejects.toMatchObject({
      status: SessionStatus.Rejected,
      errorCode: SessionErrorCode.SessionLimitReached,
      text: expect.stringContaining(`session id ${OPEN.requestedSessionId} is in use`) as string,
    });
    expect(await rustError(rustServer.accept())).toBe('UnexpectedMessage: server rejected SESSION_OPEN');
    await refused;

    await rust.close();
    const late = await on.connect(rustServer.port);
    const rejected = expect(late.client.openSession(RESUME)).rejects.toEqual(
      new SessionRejectedError(SessionStatus.Rejected, SessionErrorCode.ResumeRejected),
    );
    expect(await rustError(rustServer.accept())).toBe('UnexpectedMessage: server rejected SESSION_OPEN');
    await rejected;
  });

  it('is nothing that a client does by itself there: it was given no token to go on with', async () => {
    const { rustServer, rust, session } = await on.rustServer(
      {},
      { requestedSessionId: 7, reconnect: { reopen: false } },
    );
    const lost = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    await rust.drop();
    await expect(lost.next()).rejects.toMatchObject({ reason: 'connection-lost' });
    expect(session.state).toBe('closed');
    expect(await rustServer.sessionCount()).toBe(1);
  });
});
