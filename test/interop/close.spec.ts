import { firstValueFrom, Subject } from 'rxjs';
import { MessageType } from '../../src/wire/message-type';
import {
  CloseReason,
  CloseStatus,
  InFlightPolicy,
  SessionCloseMetadata,
} from '../../src/wire/messages/session-close';
import { bytesOf, closeAckPacket, closePacket, openPacket, submitPacket } from '../support/packets';
import { Inbox } from './inbox';
import { openMetadata } from './open-metadata';
import type { RustRecord } from './rust-peer';
import { rustError, stage } from './stage';

const on = stage();

const NOT_AN_EVENT = 'UnexpectedMessage: client expected RESULT_PUSH, RESULT_DROP, or FLOW_UPDATE';

describe('close, of the Rust client', () => {
  it('is taken and acknowledged, and the session is over', async () => {
    const { server, rust, session } = await on.rustClient();
    session.respond(() => ['bye']);
    const closes = new Inbox(session.closes$);
    const messages = new Inbox(session);
    await rust.submit({});
    for (const _ of ['partial', 'complete']) await rust.awaitEvent();

    await rust.close();
    expect((await closes.next()).metadata).toEqual(
      SessionCloseMetadata.of({
        closeReason: CloseReason.ClientShutdown,
        inFlightPolicy: InFlightPolicy.Drain,
        lastOperationId: 1n,
        sessionCloseTag: 1,
      }),
    );
    const seen = (await messages.rest()).map(({ messageType }) => messageType);
    expect(seen).toEqual([MessageType.FrameSubmit, MessageType.SessionClose]);
    expect(session.state).toBe('closed');
    expect(server.sessionCount).toBe(0);
  });

  it('leaves the connection, says the ack, and is not done twice', async () => {
    const { rust, session } = await on.rustClient();
    session.respond(() => ['fine']);
    for (const frameId of [1, 2, 3]) {
      await rust.submit({});
      for (const _ of ['partial', 'complete']) expect(await rust.awaitEvent()).toMatchObject({ frameId });
    }
    const ack = await rust.closeWith({ closeReason: CloseReason.IdleTimeout, lastOperationId: 2n });
    expect(ack).toEqual({ closeStatus: CloseStatus.Closed, lastOperationId: 3n, sessionErrorCode: 0 });
    expect(await rust.snapshot()).toMatchObject({ connectionState: 'open', session: { state: 'closed' } });
    expect(await rustError(rust.closeWith({}))).toBe('Protocol SessionNotOpen: session is not open: 1');
  });

  it('leaves the other sessions of the server alone', async () => {
    const { port, sessions, rust } = await on.rustClient();
    const other = await (await on.rust.connect({ port, requestedSessionId: 2 })).openSession();
    (await sessions.next()).respond(() => ['still here']);
    await rust.close();
    await other.submit({});
    expect(await other.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
  });

  it('leaves its siblings on the connection alone', async () => {
    const { server, port, sessions } = await on.serve();
    const raw = await on.rust.rawConnect(port);
    for (const requestedSessionId of [41, 42, 43]) {
      await raw.send(bytesOf(openPacket({ metadata: openMetadata({ requestedSessionId }) })));
      expect((await raw.readPacket()).record).toMatchObject({ sessionId: requestedSessionId });
    }
    for (const session of await sessions.take(3)) session.respond((submit) => [submit.complete()]);

    await raw.send(bytesOf(closePacket({ sessionId: 42 })));
    expect((await raw.readPacket()).header.messageType).toBe(MessageType.SessionCloseAck);
    expect(server.sessionCount).toBe(2);
    for (const sessionId of [41, 43]) {
      await raw.send(bytesOf(submitPacket({ sessionId, frameId: 1 })));
      expect((await raw.readPacket()).header).toMatchObject({
        messageType: MessageType.ResultPush,
        sessionId,
      });
    }
  });

  it('ends what is in flight, where it gives no time to drain', async () => {
    const { rust, session } = await on.rustClient();
    const tokens = new Subject<string>();
    session.respond(() => tokens);
    await rust.submit({});
    const ack = await rust.closeWith({ inFlightPolicy: InFlightPolicy.Drain, drainTimeoutMs: 0 });
    expect(ack).toMatchObject({ closeStatus: CloseStatus.Closed, lastOperationId: 1n });
    expect(tokens.observed).toBe(false);
  });

  it('ends what is in flight, where it asks to abort', async () => {
    const { rust, session } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    await rust.submit({});
    const submit = await submits.next();
    const close = { inFlightPolicy: InFlightPolicy.Abort, drainTimeoutMs: 60_000 } as const;
    expect(await rust.closeWith(close)).toMatchObject({ closeStatus: CloseStatus.Closed });
    expect(await firstValueFrom(submit.ended$)).toBe('closed');
    expect(await submits.rest()).toEqual([]);
  });

  it('drains: draining, the last results, closed', async () => {
    const { server, rust, session } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    await rust.submit({});
    const submit = await submits.next();

    // The first ack is the runtime's answer; there is no call of its that takes the second.
    const ack = await rust.closeWith({ inFlightPolicy: InFlightPolicy.Drain, drainTimeoutMs: 5_000 });
    expect(ack).toMatchObject({ closeStatus: CloseStatus.Draining, lastOperationId: 1n });
    expect((await rust.snapshot()).session?.state).toBe('draining');
    expect(session.state).toBe('draining');
    expect(server.sessionCount).toBe(1);

    session.sendResult(submit.complete());
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
    expect(await rustError(rust.awaitEvent())).toBe(NOT_AN_EVENT);
    expect(session.state).toBe('closed');
    expect(server.sessionCount).toBe(0);
  });

  it('drains for as long as it says and no longer', async () => {
    const { port, sessions } = await on.serve();
    const raw = await on.rust.rawConnect(port);
    const open = openPacket({ metadata: openMetadata({ requestedSessionId: 42 }) });
    await raw.send(bytesOf(open));
    await raw.readPacket();
    const submits = new Inbox((await sessions.next()).submits$);
    await raw.send(
      await on.rust.encodePacket({
        messageType: MessageType.FrameSubmit,
        header: { sessionId: 42, frameId: 9 },
      }),
    );
    const submit = await submits.next();
    await raw.send(bytesOf(closePacket({ metadata: { drainTimeoutMs: 20 } })));
    expect((await raw.readPacket()).record).toMatchObject({ closeStatus: CloseStatus.Draining });
    expect((await raw.readPacket()).record).toEqual({
      closeStatus: CloseStatus.Closed,
      lastOperationId: 9n,
      sessionErrorCode: 0,
    });
    expect(await firstValueFrom(submit.ended$)).toBe('closed');
  });

  it('makes what follows a fault of the client', async () => {
    const { rust, violations } = await on.rustClient();
    await rust.closeWith({});
    await rust.submit({});
    expect(await rustError(rust.awaitEvent())).toBe(NOT_AN_EVENT);
    expect(await violations.next()).toBe('unexpected-message: server received submit for another session');
  });

  it('is not needed: a client that just leaves frees its id, and what it asked for ends', async () => {
    const { server, port, rust, session } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    await rust.submit({});
    const submit = await submits.next();
    await rust.closeTransport();
    expect(await submits.rest()).toEqual([]);
    expect(await firstValueFrom(submit.ended$)).toBe('disconnected');
    expect(server.sessionCount).toBe(0);
    await (await on.rust.connect({ port })).openSession();
  });
});

describe('close, of this server', () => {
  it('by draining is not said to a Rust client, which would not expect it: its last result comes', async () => {
    const { server, rust, session, violations } = await on.rustClient();
    const submits = new Inbox(session.submits$);
    await rust.submit({});
    const submit = await submits.next();
    const closing = session.close({ drainTimeoutMs: 5_000 });
    expect(server.sessionCount).toBe(1);
    session.sendResult(submit.complete());
    await closing;
    expect(server.sessionCount).toBe(0);
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });

    await rust.submit({});
    expect(await rustError(rust.awaitEvent())).toBe(NOT_AN_EVENT);
    expect(await violations.next()).toContain('server received submit for another session');
  });

  it('by aborting is said, which the Rust client does not take', async () => {
    const { rust, session } = await on.rustClient();
    await session.close({ inFlightPolicy: InFlightPolicy.Abort });
    expect(await rustError(rust.awaitEvent())).toBe(NOT_AN_EVENT);
  });

  it('of all is said before the connection ends', async () => {
    const { server, port } = await on.serve();
    const raw = await on.rust.rawConnect(port);
    await raw.send(bytesOf(openPacket({ metadata: openMetadata({ requestedSessionId: 42 }) })));
    await raw.readPacket();

    const closing = server.close({ graceMs: 0 });
    const close = await raw.readPacket();
    expect(close.header).toMatchObject({ messageType: MessageType.SessionClose, sessionId: 42 });
    expect(close.record).toMatchObject({
      closeReason: CloseReason.ServerShutdown,
      inFlightPolicy: InFlightPolicy.Abort,
    });
    await raw.send(bytesOf(closeAckPacket({ metadata: { closeStatus: CloseStatus.Closed } })));
    expect(await raw.expectEnd()).toBe('eof');
    await raw.drop();
    await closing;
  });
});

describe('close, of this client at a Rust server', () => {
  it('is taken and acknowledged', async () => {
    const { rustServer, rust, session } = await on.rustServer();
    const answer = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    await rust.sendResult({ frameId: 1 });
    await answer.rest();

    const closing = session.close();
    expect(session.state).toBe('closing');
    expect(await rust.receiveClose()).toEqual(
      SessionCloseMetadata.of({
        closeReason: CloseReason.ClientShutdown,
        inFlightPolicy: InFlightPolicy.Drain,
        lastOperationId: 1n,
        sessionCloseTag: 1,
      }),
    );
    await rust.ackClose();
    expect(await closing).toEqual({
      closeStatus: CloseStatus.Closed,
      lastOperationId: 1n,
      sessionErrorCode: 0,
    });
    expect(session.state).toBe('closed');
    expect((await rust.snapshot()).session?.state).toBe('closed');
    await rust.close();
    expect(await rustServer.sessionCount()).toBe(0);
  });

  it('says what the application says', async () => {
    const { rust, session } = await on.rustServer();
    const fields = {
      closeReason: CloseReason.AuthRevoked,
      inFlightPolicy: InFlightPolicy.Abort,
      drainTimeoutMs: 0xffffffff,
      lastOperationId: 0xffff_ffff_ffff_ffffn,
      sessionErrorCode: 0x10001,
      sessionCloseTag: 7,
    } as const;
    const [ack] = await Promise.all([
      session.close(fields),
      rust.receiveClose().then(async (close) => {
        expect(close).toEqual(fields);
        await rust.ackClose();
      }),
    ]);
    expect(ack?.lastOperationId).toBe(0xffff_ffff_ffff_ffffn);
  });

  it('ends what was in flight or waited, and what comes later', async () => {
    const { rust, session } = await on.rustServer({ grantedOperationCredit: 1 });
    const inFlight = new Inbox(session.submit({}));
    const waiting = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    await Promise.all([session.close(), rust.receiveClose().then(() => rust.ackClose())]);
    const later = new Inbox(session.submit({}));
    for (const [answer, frameId] of [
      [inFlight, 1],
      [waiting, 0],
      [later, 0],
    ] as const) {
      await expect(answer.next()).rejects.toMatchObject({ reason: 'session-closed', frameId });
    }
    // It is what was asked for.
    await expect(session.close()).resolves.toBeUndefined();
  });

  it('of the whole client closes its session, and then ends the connection', async () => {
    const { rustServer, rust, session, client } = await on.rustServer();
    const closing = client.close();
    const close = await rust.receiveClose();
    expect(close).toMatchObject({
      closeReason: CloseReason.ClientShutdown,
      inFlightPolicy: InFlightPolicy.Abort,
    });
    await rust.drop();
    await closing;
    expect(session.state).toBe('closed');
    expect(await rustServer.sessionCount()).toBe(1);
  });

  it.each([CloseStatus.Acknowledged, CloseStatus.Draining])(
    'waits for the last word after ack %i, as no call of the Rust client does',
    async (first) => {
      const here = await on.clientAtRaw();
      const answer = new Inbox(here.session.submit({}));
      await here.raw.nextPacket();
      const closing = here.session.close({ drainTimeoutMs: 1_000 });
      await here.raw.nextPacket();
      const soon = bytesOf(closeAckPacket({ sessionId: 1, metadata: { closeStatus: first } }));
      const done = bytesOf(closeAckPacket({ sessionId: 1, metadata: { closeStatus: CloseStatus.Closed } }));
      const result = await on.rust.encodePacket({
        messageType: MessageType.ResultPush,
        header: { sessionId: 1, frameId: 1 },
      });
      here.raw.write(soon, result, done);
      expect(await answer.rest()).toHaveLength(1);
      expect(await closing).toMatchObject({ closeStatus: CloseStatus.Closed });
      expect(here.session.state).toBe('closed');

      const there = await on.rustClientAtRaw();
      const rustClosing = there.rust.closeWith({ drainTimeoutMs: 1_000 });
      await there.raw.nextPacket();
      there.raw.write(soon, done);
      expect(await rustClosing).toMatchObject({ closeStatus: first });
      expect((await there.rust.snapshot()).session?.state).toBe(
        first === CloseStatus.Draining ? 'draining' : 'closing',
      );
    },
  );

  it('that is rejected leaves the session open, here as there', async () => {
    const rejected = bytesOf(
      closeAckPacket({ sessionId: 1, metadata: { closeStatus: CloseStatus.Rejected, sessionErrorCode: 5 } }),
    );
    const here = await on.clientAtRaw();
    const closing = here.session.close();
    await here.raw.nextPacket();
    here.raw.write(rejected);
    expect(await closing).toMatchObject({ closeStatus: CloseStatus.Rejected, sessionErrorCode: 5 });
    expect(here.session.state).toBe('open');
    const answer = new Inbox(here.session.submit({}));
    expect((await here.raw.nextPacket()).header.messageType).toBe(MessageType.FrameSubmit);
    answer.unsubscribe();

    const there = await on.rustClientAtRaw();
    const rustClosing = there.rust.closeWith({});
    await there.raw.nextPacket();
    there.raw.write(rejected);
    expect(await rustClosing).toMatchObject({ closeStatus: CloseStatus.Rejected });
    expect((await there.rust.snapshot()).session?.state).toBe('open');
  });
});

describe('close, of a server on the other side', () => {
  it('is acknowledged by this client; the Rust runtime has no such call, so its core writes the bytes', async () => {
    const listener = await on.rust.rawListen();
    const { client } = await on.connect(listener.port);
    const raw = await listener.accept();
    const opening = client.openSession({ requestedSessionId: 42 });
    await raw.readPacket();
    const send = async (messageType: MessageType, record: RustRecord): Promise<void> =>
      raw.send(await on.rust.encodePacket({ messageType, header: { sessionId: 42 }, record }));
    await send(MessageType.SessionOpenAck, { sessionId: 42 });
    const session = await opening;

    await send(MessageType.SessionClose, {
      closeReason: CloseReason.ServerShutdown,
      inFlightPolicy: InFlightPolicy.Abort,
      lastOperationId: 12n,
    });
    const ack = await raw.readPacket();
    expect(ack.header).toMatchObject({ messageType: MessageType.SessionCloseAck, sessionId: 42 });
    expect(ack.record).toMatchObject({ closeStatus: CloseStatus.Closed });
    expect(session.state).toBe('closed');
    await expect(firstValueFrom(session.submit({}))).rejects.toMatchObject({ reason: 'session-closed' });
  });

  it('that just ends the connection ends the session', async () => {
    const { rust, session, client } = await on.rustServer();
    const ended = new Inbox(client.ended$);
    const answer = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    await rust.close();
    await expect(answer.next()).rejects.toMatchObject({ reason: 'connection-lost' });
    expect(await ended.rest()).toEqual([]);
  });
});
