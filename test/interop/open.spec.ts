import { firstValueFrom } from 'rxjs';
import { REFERENCE_DEFAULTS } from '../../src';
import { Profile } from '../../src/wire/messages/payload-kind';
import {
  PriorityClass,
  SessionAckFlag,
  SessionFlag,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../src/wire/messages/session-open';
import { bytesOf, openPacket, text } from '../support/packets';
import { Inbox } from './inbox';
import { openMetadata } from './open-metadata';
import { stage } from './stage';
import { StandingClock } from './standing-clock';

const on = stage();

const DEFAULT_OPEN = openMetadata();

const DEFAULT_ACK = SessionOpenAckMetadata.of({
  sessionId: 1,
  acceptedProfileId: Profile.Token,
  acceptedPriorityClass: PriorityClass.Balanced,
  sessionStatus: SessionStatus.Opened,
  schemaId: 0x1001,
  schemaVersion: 3,
  grantedOperationCredit: 2,
  maxInFlightOperations: 4,
  leaseTtlMs: 30_000,
  resumeWindowMs: 120_000,
  serverSessionTag: 1n,
});

const SPECIAL = {
  requestedSessionId: 0xdeadbeef,
  priorityClass: PriorityClass.Interactive,
  defaultDeadlineMs: 40,
  maxInFlightOperations: 9,
  leaseTtlHintMs: 1,
  allowResume: true,
} as const;

const SPECIAL_SERVER = {
  maxInFlightOperations: 9,
  grantedOperationCredit: 7,
  leaseTtlMs: 11,
  resumeWindowMs: 12_345,
  resumeTokenBytes: 32,
} as const;

describe('open, the Rust client at this server', () => {
  it('opens a session by defaults', async () => {
    const { server, port, sessions } = await on.serve();
    const client = await on.rust.connect({ port });

    const { opened } = await client.openSession();
    expect(opened).toEqual({
      sessionId: 1,
      connectionState: 'open',
      session: {
        state: 'open',
        profileId: Profile.Token,
        priorityClass: PriorityClass.Balanced,
        schemaId: 0x1001,
        schemaVersion: 3,
        maxInFlightOperations: 4,
        routeScopeId: 0,
        lastOperationId: 0n,
        sessionErrorCode: 0,
      },
    });

    const session = await sessions.next();
    expect(session.sessionId).toBe(1);
    expect(session.open).toEqual(DEFAULT_OPEN);
    expect(session.granted).toEqual(DEFAULT_ACK);
    expect(server.sessionCount).toBe(1);
  });

  it('opens a session with every option set', async () => {
    const { port, sessions } = await on.serve({ ...SPECIAL_SERVER, resume: 'by-id' });
    const client = await on.rust.connect({ port, ...SPECIAL });

    const { sessionId, opened } = await client.openSession();
    expect(sessionId).toBe(0xdeadbeef);
    expect(opened.session).toMatchObject({
      priorityClass: PriorityClass.Interactive,
      maxInFlightOperations: 9,
    });

    const session = await sessions.next();
    expect(session.open).toEqual(openMetadata(SPECIAL));
    expect(session.open).toMatchObject({
      sessionFlags: SessionFlag.AllowResume,
      clientSessionTag: 0xdeadbeefn,
    });
    expect(session.granted).toMatchObject({
      grantedOperationCredit: 7,
      leaseTtlMs: 11,
      resumeWindowMs: 12_345,
      resumeTokenBytes: 32,
      sessionFlagsAck: SessionAckFlag.ResumeEnabled,
    });
  });

  it('chooses an id that is free where the client names none', async () => {
    const { port } = await on.serve();
    const first = await (await on.rust.connect({ port })).openSession();
    const second = await (await on.rust.connect({ port, requestedSessionId: 0 })).openSession();
    const third = await (await on.rust.connect({ port, requestedSessionId: 0 })).openSession();
    const ids = [first.sessionId, second.sessionId, third.sessionId];
    // Where a process starts to count nobody knows.
    expect(ids[0]).toBe(1);
    expect(new Set([0, ...ids]).size).toBe(4);
  });

  it('grants no resume where the server has none, which the Rust client takes', async () => {
    const { port, sessions } = await on.serve({ resume: 'off' });
    const client = await on.rust.connect({ port, allowResume: true });
    const { opened } = await client.openSession();
    expect(opened.session?.state).toBe('open');
    expect((await sessions.next()).granted).toEqual(DEFAULT_ACK);
  });

  it('asks the Rust client for no sign of life, which its runtime would not know, and keeps it', async () => {
    const clock = new StandingClock();
    const { scheduler } = clock;
    const { rust, session } = await on.rustClient({
      scheduler,
      keepAlive: { idleMs: 1_000, timeoutMs: 1_000 },
    });
    session.respond(() => ['good morning']);
    clock.goTo(8 * 3_600_000);
    await rust.submit({});
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
  });

  it('serves ten clients at once', async () => {
    const { server, port, sessions } = await on.serve();
    const ids = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
    for (const requestedSessionId of ids) {
      await (await on.rust.connect({ port, requestedSessionId })).openSession();
    }
    const opened = await sessions.take(ids.length);
    expect(opened.map(({ sessionId }) => sessionId)).toEqual(ids);
    expect(server.sessionCount).toBe(10);
    expect(server.connectionCount).toBe(10);
  });
});

describe('open, this client at a Rust server', () => {
  it('opens a session by defaults', async () => {
    const rust = await on.rust.bind();
    const { client } = await on.connect(rust.port);

    const opening = client.openSession({ ...REFERENCE_DEFAULTS.session, announce: false });
    const [accepted, session] = await Promise.all([rust.accept(), opening]);
    expect(accepted.sessionId).toBe(1);
    expect(accepted.clientOpen).toEqual(DEFAULT_OPEN);
    expect(session.sessionId).toBe(1);
    expect(session.state).toBe('open');
    expect(session.granted).toEqual(DEFAULT_ACK);
    expect(await rust.sessionCount()).toBe(1);
  });

  it('opens a session with every option set', async () => {
    const rust = await on.rust.bind(SPECIAL_SERVER);
    const { client } = await on.connect(rust.port);

    const clientSessionTag = 0xffff_ffff_ffff_ffffn;
    const opening = client.openSession({ ...SPECIAL, announce: false, clientSessionTag });
    const [accepted, session] = await Promise.all([rust.accept(), opening]);
    expect(accepted.clientOpen).toEqual({ ...openMetadata(SPECIAL), clientSessionTag });
    expect(session.sessionId).toBe(0xdeadbeef);
    expect(session.granted).toMatchObject({
      grantedOperationCredit: 7,
      leaseTtlMs: 11,
      resumeWindowMs: 12_345,
      resumeTokenBytes: 32,
      sessionFlagsAck: SessionAckFlag.ResumeEnabled,
    });
  });

  it('leaves the id to the server, which says 1, and may use all that is granted, by its own defaults', async () => {
    const rust = await on.rust.bind();
    const { client } = await on.connect(rust.port);
    const opening = client.openSession();
    const [accepted, session] = await Promise.all([rust.accept(), opening]);
    expect(session.sessionId).toBe(1);
    expect(accepted.clientOpen).toMatchObject({ requestedSessionId: 0, maxInFlightOperations: 1 });
    const submits = session.submit({}).subscribe({ error: () => undefined });
    submits.add(session.submit({}).subscribe({ error: () => undefined }));
    expect(await firstValueFrom(session.credit$)).toMatchObject({ granted: 2, inFlight: 2 });
    submits.unsubscribe();
  });

  it('announces itself and sends auth, which the Rust server reads over', async () => {
    const rust = await on.rust.bind();
    const { client } = await on.connect(rust.port);
    const opening = client.openSession({ ...REFERENCE_DEFAULTS.session, auth: text('open sesame') });
    const [accepted, session] = await Promise.all([rust.accept(), opening]);
    const { authBytes, sessionExtensionBytes, ...others } = accepted.clientOpen;
    expect(authBytes).toBe(11);
    expect(sessionExtensionBytes).toBeGreaterThan(0);
    expect(DEFAULT_OPEN).toMatchObject(others);

    // Both were the body of the open: the next packet is whole.
    const answer = new Inbox(session.submit({ body: 'and on' }));
    const submit = await accepted.receiveSubmit();
    expect(new TextDecoder().decode(submit.body)).toBe('and on');
    await accepted.sendResult({ frameId: 1 });
    expect(await answer.rest()).toHaveLength(1);
  });

  it('has one session of a connection answered: the runtime on the other side carries no second', async () => {
    const rust = await on.rust.bind();
    const raw = await on.connectRaw(rust.port);

    raw.write(bytesOf(openPacket({ metadata: DEFAULT_OPEN })));
    const accepted = await rust.accept();
    await raw.nextPacket();

    raw.write(bytesOf(openPacket({ metadata: { ...DEFAULT_OPEN, requestedSessionId: 2 } })));
    await expect(accepted.receiveSubmit()).rejects.toThrow('server expected FRAME_SUBMIT');
  });
});
