import { encodeTokens } from '../../src/protocol/content/token-delta';
import { HEADER_LENGTH } from '../../src/wire/header';
import type { MessageType } from '../../src/wire/message-type';
import { FlowFlag, FlowScope, FlowUpdateMetadata } from '../../src/wire/messages/flow-update';
import { Profile } from '../../src/wire/messages/payload-kind';
import { ResultClass, ResultFlag } from '../../src/wire/messages/result-push';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
  type SessionOpenMetadata,
} from '../../src/wire/messages/session-open';
import { decodePacket } from '../../src/wire/packet';
import { toHex } from '../support/hex';
import {
  bytesOf,
  closePacket,
  migratePacket,
  openPacket,
  patchPacket,
  submitPacket,
} from '../support/packets';
import { Inbox } from './inbox';
import { openMetadata, WISHES } from './open-metadata';
import type { BindOptions } from './rust-peer';
import { stage } from './stage';

const on = stage();

/** All bytes of it differ, so that none can stand in another's place. */
const sessionId = 0x01020304;

type Configuration = Omit<BindOptions, 'supportedCacheObjects' | 'policyErrors'>;

const { Opened, Rejected, Resumed } = SessionStatus;
const ALL = [Opened, Rejected, Resumed];

/** `statuses` are those that the acks of a sweep through `OPENS` have between them. */
const CONFIGURATIONS: readonly (Configuration & { what: string; statuses: readonly number[] })[] = [
  { what: 'by defaults', statuses: ALL },
  {
    what: 'that takes all profiles',
    supportedProfiles: [Profile.Unspecified, Profile.Tensor, Profile.Token],
    statuses: ALL,
  },
  { what: 'that takes no profile', supportedProfiles: [], statuses: [Rejected] },
  {
    what: 'that takes one operation',
    maxInFlightOperations: 1,
    grantedOperationCredit: 0,
    statuses: [Opened, Rejected],
  },
  {
    what: 'with great numbers',
    maxInFlightOperations: 0xffff,
    grantedOperationCredit: 0xfffe,
    statuses: ALL,
  },
  { what: 'with other times', leaseTtlMs: 0x01020304, resumeWindowMs: 0x05060708, statuses: ALL },
  { what: 'with longer tokens', resumeTokenBytes: 0x0203, statuses: ALL },
  { what: 'with tokens of no length', resumeTokenBytes: 0, statuses: [Opened, Rejected] },
];

/** One after the other on connections of their own, so that later ones meet the sessions of earlier ones. */
const OPENS: readonly SessionOpenMetadata[] = [
  ...WISHES.map(openMetadata),
  openMetadata({ requestedSessionId: 7, allowResume: true }),
  openMetadata({ requestedSessionId: 7, allowResume: true, resumeTokenBytes: 1 }),
  openMetadata({ requestedSessionId: 7, allowResume: true, maxInFlightOperations: 1 }),
  openMetadata({ requestedSessionId: sessionId, allowResume: true, resumeTokenBytes: 24 }),
  { ...openMetadata({ requestedSessionId: 8 }), sessionFlags: 0x0f },
  { ...openMetadata({ requestedSessionId: 9, maxInFlightOperations: 1 }), clientSessionTag: 13n },
  { ...openMetadata({ requestedSessionId: 10, maxInFlightOperations: 1 }), clientSessionTag: 14n },
];

const POLICY_ERRORS = new Map([[13n, 0x00c0ffee]]);

describe('the bytes of this server are those of the Rust server', () => {
  it.each(CONFIGURATIONS)(
    'SESSION_OPEN_ACK of a server $what',
    async ({ what: _, statuses, ...configuration }) => {
      const { server, port } = await on.serve({
        ...configuration,
        resume: 'by-id',
        policy: ({ open }) => POLICY_ERRORS.get(open.clientSessionTag) ?? SessionErrorCode.None,
      });
      const rustServer = await on.rust.bind({ ...configuration, policyErrors: POLICY_ERRORS });
      const seen = new Set<number | undefined>();

      for (const metadata of OPENS) {
        const open = bytesOf(openPacket({ metadata }));
        const here = await on.connectRaw(port);
        const there = await on.connectRaw(rustServer.port);
        for (const socket of [here, there]) socket.write(open);
        await Promise.allSettled([rustServer.accept()]);
        const ack = await there.nextBytes();
        expect(toHex(await here.nextBytes())).toBe(toHex(ack));
        seen.add(SessionOpenAckMetadata.decode(ack, HEADER_LENGTH).sessionStatus);
        expect(server.sessionCount).toBe(await rustServer.sessionCount());
      }
      expect([...seen].sort()).toEqual(statuses);
    },
  );

  it('RESULT_PUSH, RESULT_DROP, FLOW_UPDATE, SESSION_PATCH_ACK, SESSION_MIGRATE_ACK, SESSION_CLOSE_ACK', async () => {
    const { port, sessions } = await on.serve();
    const rustServer = await on.rust.bind();
    const here = await on.connectRaw(port);
    const there = await on.connectRaw(rustServer.port);
    const metadata = openMetadata({ requestedSessionId: sessionId });
    for (const socket of [here, there]) socket.write(bytesOf(openPacket({ metadata })));
    const rust = await rustServer.accept();
    const session = await sessions.next();
    const seen: MessageType[] = [];
    const same = async (): Promise<void> => {
      const bytes = await here.nextBytes();
      expect(toHex(bytes)).toBe(toHex(await there.nextBytes()));
      seen.push(decodePacket(bytes).header.messageType);
    };
    await same();

    const submits = new Inbox(session.submits$);
    for (const socket of [here, there]) {
      socket.write(bytesOf(...[1, 2].map((frameId) => submitPacket({ sessionId, frameId }))));
    }
    const [first, second] = await submits.take(2);
    for (const _ of [1, 2]) await rust.receiveSubmit();

    const { body, fields } = encodeTokens(['Call', ' me']);
    const partial = {
      statusCode: 200,
      resultFlags: ResultFlag.Partial,
      resultClass: ResultClass.Partial,
      ...fields,
    };
    session.sendResult(first!.partial(body, fields));
    await rust.sendResult({ frameId: 1, metadata: partial, body });
    await same();

    const complete = {
      inferenceMs: 0x0102,
      queueMs: 0x0304,
      serverTotalMs: 0x0506,
      reusedFrameId: 0x0708090a,
    };
    session.sendResult(first!.complete(new Uint8Array(0), complete));
    await rust.sendResult({ frameId: 1, metadata: { statusCode: 200, ...complete } });
    await same();

    session.sendResult(second!.drop());
    await rust.sendResultDrop(2);
    await same();

    const epoch = { creditEpoch: 0x01020304, flowFlags: FlowFlag.CreditValid | FlowFlag.RetryAfterValid };
    for (const update of [
      { scopeKind: FlowScope.Connection, connectionCredit: 0x0506, updateReason: 4 as const },
      { scopeKind: FlowScope.Session, sessionCredit: 0x0708, retryAfterMs: 0x090a0b0c },
      { scopeKind: FlowScope.Operation, operationId: 0x0102030405060708n, operationCredit: 1 },
    ]) {
      const whole = FlowUpdateMetadata.of({ ...update, ...epoch });
      session.sendFlowUpdate(whole);
      await rust.sendFlowUpdate(whole);
      await same();
    }

    const patched = { appliedPatchMask: 0x7f, effectiveLaneMask: 0x0102030405060708n, retryAfterMs: 9 };
    session.patches$.subscribe((patch) => {
      patch.ack({ ...patched, effectiveProfileId: 2 });
    });
    for (const socket of [here, there]) socket.write(bytesOf(patchPacket({ sessionId })));
    await rust.receivePatch();
    await rust.sendPatchAck({ ...patched, effectiveProfileId: 2 });
    await same();

    const migrated = {
      acceptCode: 0,
      resumeFromFrameId: 0x0a0b0c0dn,
      graceWindowMs: 7,
      serverMigrateTsUs: 8n,
    };
    session.migrations$.subscribe((request) => {
      request.ack(migrated);
    });
    const migrate = migratePacket({ sessionId, metadata: { oldTransportId: 2, newTransportId: 1 } });
    for (const socket of [here, there]) socket.write(bytesOf(migrate));
    await rust.receiveMigrate();
    await rust.sendMigrateAck(migrated);
    await same();

    // The Rust server repeats what the client says its last operation was; this one says what it was.
    const close = closePacket({ sessionId, metadata: { lastOperationId: 2n } });
    for (const socket of [here, there]) socket.write(bytesOf(close));
    await rust.receiveClose();
    await rust.ackClose();
    await same();

    expect(seen.map((type) => type.toString(16))).toEqual([
      '8',
      '12',
      '12',
      '13',
      '17',
      '17',
      '17',
      '4',
      '1c',
      'a',
    ]);
  });
});
