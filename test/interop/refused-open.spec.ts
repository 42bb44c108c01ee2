import { REFERENCE_DEFAULTS, SessionRejectedError } from '../../src';
import type { ServerOptions, SessionPolicy } from '../../src';
import { MessageType } from '../../src/wire/message-type';
import { Profile } from '../../src/wire/messages/payload-kind';
import { SessionErrorCode, SessionStatus } from '../../src/wire/messages/session-open';
import { bytesOf, openPacket, submitPacket } from '../support/packets';
import { openMetadata, type Wish } from './open-metadata';
import type { RustRawConnection } from './rust-peer';
import { rustError, stage } from './stage';

const on = stage();

/** What both runtimes' policies answer to these ids, which are the clients' tags as well. */
const POLICY_ERRORS: ReadonlyMap<bigint, number> = new Map([
  [101n, SessionErrorCode.AuthFailed],
  [102n, SessionErrorCode.PriorityRejected],
  [103n, SessionErrorCode.LeasePolicyRejected],
  [104n, 0xbadc0de],
  [105n, SessionErrorCode.ProfileUnsupported],
]);
const policy: SessionPolicy = ({ open }) => POLICY_ERRORS.get(open.clientSessionTag) ?? SessionErrorCode.None;

interface Refusal {
  readonly why: string;
  readonly code: number;
  readonly server?: Pick<ServerOptions, 'supportedProfiles' | 'maxInFlightOperations'>;
  readonly open: Wish;
  /** Sessions that are open already. */
  readonly before?: readonly Wish[];
}

const REFUSALS: readonly Refusal[] = [
  {
    why: 'a profile that the server does not support',
    code: SessionErrorCode.ProfileUnsupported,
    open: { profileId: Profile.Tensor },
  },
  {
    why: 'a supported profile that nobody has assigned',
    code: SessionErrorCode.ProfileUnsupported,
    server: { supportedProfiles: [Profile.Token, 77] },
    open: { profileId: 77 },
  },
  {
    why: 'a schema that the server does not know',
    code: SessionErrorCode.SchemaUnsupported,
    open: { schemaId: 0x1002 },
  },
  {
    why: 'a version of a known schema that the server does not know',
    code: SessionErrorCode.SchemaUnsupported,
    open: { schemaVersion: 4 },
  },
  {
    why: 'more operations in flight than the server takes',
    code: SessionErrorCode.SessionLimitReached,
    server: { maxInFlightOperations: 3 },
    open: { maxInFlightOperations: 4 },
  },
  {
    why: 'an id in use',
    code: SessionErrorCode.SessionLimitReached,
    open: { requestedSessionId: 7 },
    before: [{ requestedSessionId: 7 }],
  },
  {
    why: 'a resume of a session that nobody knows',
    code: SessionErrorCode.ResumeRejected,
    open: { requestedSessionId: 8, allowResume: true, resumeTokenBytes: 24 },
  },
  {
    why: 'a resume of a session that was opened without allow_resume',
    code: SessionErrorCode.ResumeRejected,
    open: { requestedSessionId: 7, allowResume: true, resumeTokenBytes: 24 },
    before: [{ requestedSessionId: 7 }],
  },
  { why: 'a policy: auth', code: SessionErrorCode.AuthFailed, open: { requestedSessionId: 101 } },
  { why: 'a policy: priority', code: SessionErrorCode.PriorityRejected, open: { requestedSessionId: 102 } },
  { why: 'a policy: lease', code: SessionErrorCode.LeasePolicyRejected, open: { requestedSessionId: 103 } },
  { why: 'a policy: a code of its own', code: 0xbadc0de, open: { requestedSessionId: 104 } },
  {
    why: 'a policy: a code of the server itself',
    code: SessionErrorCode.ProfileUnsupported,
    open: { requestedSessionId: 105 },
  },
  {
    why: 'several reasons: the profile comes first',
    code: SessionErrorCode.ProfileUnsupported,
    open: { requestedSessionId: 101, profileId: Profile.Tensor, schemaId: 5, maxInFlightOperations: 99 },
  },
  {
    why: 'several reasons: the policy comes before the recovery',
    code: SessionErrorCode.AuthFailed,
    open: { requestedSessionId: 101, allowResume: true, resumeTokenBytes: 24 },
  },
];

/** Opens that get no answer: the connection ends. */
const FORBIDDEN = [
  {
    why: 'a token without allow_resume',
    rule: 'resume token requires allow_resume session flag',
    open: { requestedSessionId: 7, resumeTokenBytes: 24 },
  },
  {
    why: 'a token without a session id',
    rule: 'resume token must be bound to a requested session id',
    open: { requestedSessionId: 0, allowResume: true, resumeTokenBytes: 24 },
  },
] as const;

it('names every session error code of the protocol', () => {
  const codes = new Set([SessionErrorCode.None, ...REFUSALS.map(({ code }) => code)]);
  expect([...codes]).toEqual(expect.arrayContaining(Object.values(SessionErrorCode)));
});

describe('a refused open, the Rust client at this server', () => {
  /** The ack, which the runtime's own client does not show. */
  async function ackOf(raw: RustRawConnection, open: Wish) {
    const record = openMetadata(open);
    await raw.send(await on.rust.encodePacket({ messageType: MessageType.SessionOpen, record }));
    return raw.readPacket();
  }

  it.each(REFUSALS)('for $why', async ({ code, server: options = {}, open, before = [] }) => {
    const { server, port } = await on.serve({ resume: 'by-id', policy, ...options });
    for (const earlier of before) await (await on.rust.connect({ port, ...earlier })).openSession();

    const client = await on.rust.connect({ port, ...open });
    expect(await rustError(client.openSession())).toBe(
      'UnexpectedMessage: client session open was not accepted',
    );

    const raw = await on.rust.rawConnect(port);
    const ack = await ackOf(raw, open);
    expect(ack.header).toMatchObject({ messageType: MessageType.SessionOpenAck, sessionId: 0 });
    expect(ack.record).toMatchObject({
      sessionStatus: SessionStatus.Rejected,
      sessionErrorCode: code,
      sessionId: 0,
      serverSessionTag: 0n,
      resumeTokenBytes: 0,
      sessionFlagsAck: 0,
    });
    expect(server.sessionCount).toBe(before.length);

    // It costs the session and not the connection.
    const { record } = await ackOf(raw, { requestedSessionId: 1, maxInFlightOperations: 1 });
    expect(record).toMatchObject({ sessionStatus: SessionStatus.Opened, sessionId: 1 });
  });

  it.each(FORBIDDEN)('is no answer to $why: the connection ends', async ({ rule, open }) => {
    const { server, port, violations } = await on.serve({ resume: 'by-id' });

    const client = await on.rust.connect({ port, ...open });
    expect(await rustError(client.openSession())).toBe('Io UnexpectedEof');
    expect(await violations.next()).toBe(`protocol: ${rule}`);

    const raw = await on.rust.rawConnect(port);
    await raw.send(bytesOf(openPacket({ metadata: openMetadata(open) })));
    expect(await raw.expectEnd()).toBe('eof');
    expect(await violations.next()).toBe(`protocol: ${rule}`);

    expect(server.sessionCount).toBe(0);
    await (await on.rust.connect({ port })).openSession();
    expect(server.sessionCount).toBe(1);
  });
});

describe('a refused open, this client at a Rust server', () => {
  it.each(REFUSALS)('for $why', async ({ code, server: options = {}, open, before = [] }) => {
    const rust = await on.rust.bind({ policyErrors: POLICY_ERRORS, ...options });
    for (const earlier of before) {
      const { client } = await on.connect(rust.port);
      await Promise.all([rust.accept(), client.openSession({ ...REFERENCE_DEFAULTS.session, ...earlier })]);
    }

    const { client } = await on.connect(rust.port);
    const [accepting, opening] = await Promise.allSettled([
      rust.accept(),
      client.openSession({ ...REFERENCE_DEFAULTS.session, ...open }),
    ]);
    expect(accepting).toMatchObject({ status: 'rejected', reason: { kind: 'UnexpectedMessage' } });
    expect(opening).toMatchObject({ status: 'rejected' });
    expect(opening).toHaveProperty('reason', expect.any(SessionRejectedError));
    expect(opening).toMatchObject({ reason: { status: SessionStatus.Rejected, errorCode: code } });
    expect(await rust.sessionCount()).toBe(before.length);
  });

  it.each(FORBIDDEN)('is no answer to $why: the connection ends', async ({ rule, open }) => {
    const rust = await on.rust.bind();
    const { client } = await on.connect(rust.port);

    const opening = client.openSession({ ...REFERENCE_DEFAULTS.session, ...open });
    const ending = expect(opening).rejects.toMatchObject({ kind: 'io' });
    expect(await rustError(rust.accept())).toBe(
      `Protocol InvalidProtocolCombination: invalid protocol combination: ${rule}`,
    );
    await ending;
    expect(await rust.sessionCount()).toBe(0);
  });

  it('is no answer to another first message: the connection ends', async () => {
    const rust = await on.rust.bind();
    const raw = await on.connectRaw(rust.port);
    raw.write(bytesOf(submitPacket({ frameId: 1 })));
    expect(await rustError(rust.accept())).toBe('UnexpectedMessage: server expected SESSION_OPEN');
    expect(await raw.nextEnd()).toBe('end');
  });
});
