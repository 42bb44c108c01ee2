import { REFERENCE_DEFAULTS } from '../../src';
import { MessageType } from '../../src/wire/message-type';
import { FlowScope, type FlowUpdateMetadata } from '../../src/wire/messages/flow-update';
import { ErrorMetadata, ErrorScope } from '../../src/wire/messages/error-message';
import { SessionMigrateMetadata } from '../../src/wire/messages/session-migrate';
import { SessionStatus } from '../../src/wire/messages/session-open';
import { packet, type Packet } from '../../src/wire/packet';
import {
  bytesOf,
  closeAckPacket,
  dropPacket,
  flowUpdatePacket,
  migrateAckPacket,
  openAckPacket,
  patchAckPacket,
  rawPacket,
  resultPacket,
  submitPacket,
  text,
} from '../support/packets';
import { BROKEN_FRAMES, UNKNOWN_TYPE } from './broken-frames';
import { Inbox } from './inbox';
import { rustError, stage } from './stage';

const on = stage();

/** The session of every test here. */
const sessionId = 1;
const NOT_AN_EVENT = 'UnexpectedMessage: client expected RESULT_PUSH, RESULT_DROP, or FLOW_UPDATE';

/** A packet whose metadata was changed behind the back of its record. */
function changed(whole: Packet, at: number, value: number): Packet {
  const metadata = Uint8Array.from(whole.metadata);
  metadata[at] = value;
  return packet(whole.header, metadata);
}

interface Fault {
  readonly what: string;
  readonly packet: Packet;
  /** The violation that this client tells. */
  readonly here: string;
  /** What the Rust client says when it waits for an event. */
  readonly there: string;
}

const result = resultPacket({ sessionId, frameId: 1 });
const DROP_RULE = 'RESULT_DROP is header-only and requires meta_len=0 and body_len=0';
const { Connection, Session, Operation } = FlowScope;
const CONNECTION_RULE =
  'connection-scope FLOW_UPDATE requires header.session_id=0 and non-connection fields cleared';
const SESSION_RULE = 'session-scope FLOW_UPDATE requires header.session_id!=0 and non-session fields cleared';
const OPERATION_RULE = 'operation-scope FLOW_UPDATE requires header.session_id!=0 and operation_id!=0';

function flow(session: number, metadata: Partial<FlowUpdateMetadata>): Packet {
  return flowUpdatePacket({ sessionId: session, metadata });
}

/** Flow updates whose header and fields do not fit their scope. */
const MISROUTED: readonly (readonly [string, Packet, string])[] = [
  ['of the connection to a session', flow(sessionId, { scopeKind: Connection }), CONNECTION_RULE],
  [
    'of the connection with session credit',
    flow(0, { scopeKind: Connection, sessionCredit: 1 }),
    CONNECTION_RULE,
  ],
  [
    'of the connection with operation credit',
    flow(0, { scopeKind: Connection, operationCredit: 1 }),
    CONNECTION_RULE,
  ],
  [
    'of the connection with an operation',
    flow(0, { scopeKind: Connection, operationId: 1n }),
    CONNECTION_RULE,
  ],
  ['of a session to the connection', flow(0, { scopeKind: Session }), SESSION_RULE],
  [
    'of a session with connection credit',
    flow(sessionId, { scopeKind: Session, connectionCredit: 1 }),
    SESSION_RULE,
  ],
  [
    'of a session with operation credit',
    flow(sessionId, { scopeKind: Session, operationCredit: 1 }),
    SESSION_RULE,
  ],
  ['of a session with an operation', flow(sessionId, { scopeKind: Session, operationId: 1n }), SESSION_RULE],
  ['of an operation to the connection', flow(0, { scopeKind: Operation, operationId: 1n }), OPERATION_RULE],
  ['of an operation that names none', flow(sessionId, { scopeKind: Operation }), OPERATION_RULE],
  [
    'that says when to try again and that it does not',
    flow(sessionId, { scopeKind: Session, retryAfterMs: 1 }),
    'FLOW_UPDATE retry_after_ms requires retry_after_valid flag',
  ],
];

/** Well-framed packets of a server that have no place where operation 1 of session 1 is in flight. */
const FAULTS: readonly Fault[] = [
  {
    what: 'a result for another session',
    packet: resultPacket({ sessionId: 99, frameId: 1 }),
    here: 'unexpected-message: client received result for another session',
    there: 'UnexpectedMessage: client received result for another session',
  },
  {
    what: 'a drop for another session',
    packet: dropPacket({ sessionId: 99, frameId: 1 }),
    here: 'unexpected-message: client received drop for another session',
    there: 'UnexpectedMessage: client received drop for another session',
  },
  {
    what: 'a flow update for another session',
    packet: flowUpdatePacket({ sessionId: 99, metadata: { scopeKind: FlowScope.Session } }),
    here: 'unexpected-message: client received flow update for another session',
    there: 'Protocol UnknownSession: session is unknown: 99',
  },
  {
    what: 'a result with 63 bytes of metadata',
    packet: rawPacket(MessageType.ResultPush, { sessionId, frameId: 1, metaLen: 63 }),
    here: 'unexpected-message: client received malformed RESULT_PUSH metadata length',
    there: 'UnexpectedMessage: client received malformed RESULT_PUSH metadata length',
  },
  {
    what: 'a result with 65 bytes of metadata',
    packet: rawPacket(MessageType.ResultPush, { sessionId, frameId: 1, metaLen: 65 }),
    here: 'unexpected-message: client received malformed RESULT_PUSH metadata length',
    there: 'UnexpectedMessage: client received malformed RESULT_PUSH metadata length',
  },
  {
    what: 'a drop with a body',
    packet: rawPacket(MessageType.ResultDrop, { sessionId, frameId: 1, bodyLen: 1 }),
    here: `protocol: ${DROP_RULE}`,
    there: `Protocol InvalidProtocolCombination: invalid protocol combination: ${DROP_RULE}`,
  },
  {
    what: 'a reserved field that is not zero',
    packet: changed(result, 10, 1),
    here: 'protocol: reserved field result_push.reserved0 is not zero',
    there: 'Protocol NonZeroReservedField: reserved field is non-zero: result_push.reserved0',
  },
  {
    what: 'a value outside its enum',
    packet: changed(result, 44, 4),
    here: 'protocol: 4 is no result_class',
    there: 'Protocol UnknownEnumValue: unknown result_class value: 0x4',
  },
  {
    what: 'bits that nobody knows',
    packet: changed(result, 2, 8),
    here: 'protocol: result_push.result_flags has reserved bits set: 0x8, allowed are 0x7',
    there: 'Protocol ReservedBitsSet: reserved bits are set: value 0x8, allowed mask 0x7',
  },
  {
    what: 'fields that break a rule',
    packet: changed(result, 6, 1),
    here: 'protocol: non-tensor RESULT_PUSH must clear tensor coverage fields',
    there:
      'Protocol InvalidProtocolCombination: invalid protocol combination: ' +
      'non-tensor RESULT_PUSH must clear tensor coverage fields',
  },
  ...MISROUTED.map(([what, packet, rule]) => ({
    what: `a flow update ${what}`,
    packet,
    here: `protocol: ${rule}`,
    there: `Protocol InvalidProtocolCombination: invalid protocol combination: ${rule}`,
  })),
  {
    what: 'a patch ack that nobody asked for',
    packet: patchAckPacket({ sessionId }),
    here: 'unexpected-message: client received SESSION_PATCH_ACK that it did not ask for',
    there: NOT_AN_EVENT,
  },
  {
    what: 'a close ack that nobody asked for',
    packet: closeAckPacket({ sessionId }),
    here: 'unexpected-message: client received SESSION_CLOSE_ACK that it did not ask for',
    there: NOT_AN_EVENT,
  },
  {
    what: 'an open ack that nobody asked for',
    packet: openAckPacket({ sessionId, metadata: { sessionId } }),
    here: 'unexpected-message: client received SESSION_OPEN_ACK that it did not ask for',
    there: NOT_AN_EVENT,
  },
  {
    what: 'a message that only clients send',
    packet: submitPacket({ sessionId, frameId: 1 }),
    here: 'unexpected-message: client received unexpected FRAME_SUBMIT',
    there: NOT_AN_EVENT,
  },
];

const MIGRATION = SessionMigrateMetadata.of({ oldTransportId: 2, newTransportId: 1 });

describe('a well-framed fault of a server', () => {
  it.each(FAULTS)('costs its packet at this client: $what', async ({ packet: fault, here }) => {
    const { raw, session, violations } = await on.clientAtRaw();
    const answer = new Inbox(session.submit({}));
    await raw.nextPacket();
    raw.write(bytesOf(fault));
    expect(await violations.next()).toBe(here);

    raw.write(bytesOf(result));
    expect(await answer.rest()).toMatchObject([{ frameId: 1 }]);
    expect(session.state).toBe('open');
  });

  it.each(FAULTS)('is an error of the Rust client: $what', async ({ packet: fault, there }) => {
    const { raw, rust } = await on.rustClientAtRaw();
    await rust.submit({});
    raw.write(bytesOf(fault, result));
    expect(await rustError(rust.awaitEvent())).toBe(there);
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
  });

  it.each([
    ['patch ack', patchAckPacket, 'patch', 'patchSession', {}],
    ['migrate ack', migrateAckPacket, 'migrate', 'migrateTransport', MIGRATION],
    ['close ack', closeAckPacket, 'close', 'closeWith', {}],
  ] as const)(
    'also costs its packet where it is a %s for another session',
    async (name, ackPacket, here, there, request) => {
      const foreign = bytesOf(ackPacket({ sessionId: 99 }));

      const { raw, session, violations } = await on.clientAtRaw();
      const asking = session[here](request as never);
      await raw.nextPacket();
      raw.write(foreign);
      expect(await violations.next()).toBe(`unexpected-message: client received ${name} for another session`);
      const metadata = name === 'close ack' ? { closeStatus: 2 as const } : {};
      raw.write(bytesOf(ackPacket({ sessionId, metadata })));
      await asking;

      const other = await on.rustClientAtRaw();
      const rustAsking = rustError(other.rust[there](request));
      await other.raw.nextPacket();
      other.raw.write(foreign);
      expect(await rustAsking).toBe(`UnexpectedMessage: client received ${name} for another session`);
    },
  );
});

describe('an ERROR of a server', () => {
  const diagnostic = text('no GPU left');
  const fields = { errorCode: 0x30001, relatedSessionId: sessionId, diagnosticBytes: diagnostic.length };
  const ofFrame = packet(
    { messageType: MessageType.Error, sessionId, frameId: 1 },
    ErrorMetadata.encode(ErrorMetadata.of({ ...fields, errorScope: ErrorScope.Frame, relatedFrameId: 1 })),
    diagnostic,
  );

  it('refuses the operation that it names, for this client', async () => {
    const { raw, session } = await on.clientAtRaw();
    const refused = new Inbox(session.submit({}));
    const other = new Inbox(session.submit({}));
    raw.write(bytesOf(ofFrame, resultPacket({ sessionId, frameId: 2 })));
    await expect(refused.next()).rejects.toMatchObject({ reason: 'refused', frameId: 1, errorCode: 0x30001 });
    await expect(refused.next()).rejects.toThrow('no GPU left');
    expect(await other.rest()).toHaveLength(1);
  });

  it('is an event that the Rust client does not take', async () => {
    const { raw, rust } = await on.rustClientAtRaw();
    await rust.submit({});
    raw.write(bytesOf(ofFrame));
    expect(await rustError(rust.awaitEvent())).toBe(NOT_AN_EVENT);
  });
});

describe('a broken frame of a server', () => {
  it.each(BROKEN_FRAMES)('costs the connection of this client: $what', async ({ bytes, here }) => {
    const { raw, session, client } = await on.clientAtRaw();
    const ended = new Inbox(client.ended$);
    const finished = new Inbox(session.submit({}));
    const unfinished = new Inbox(session.submit({}));
    await raw.nextPacket();
    raw.write(bytesOf(result), bytes);

    expect(await finished.rest()).toHaveLength(1);
    await expect(unfinished.next()).rejects.toMatchObject({ reason: 'connection-lost', frameId: 2 });
    await expect(ended.next()).rejects.toMatchObject({
      kind: 'protocol',
      message: here.replace('protocol: ', ''),
    });
    await expect(client.openSession()).rejects.toMatchObject({ kind: 'io' });
  });

  it('costs nothing but itself where its type alone is unknown', async () => {
    const { raw, session, violations } = await on.clientAtRaw();
    const answer = new Inbox(session.submit({}));
    await raw.nextPacket();
    raw.write(UNKNOWN_TYPE.bytes, bytesOf(result));
    expect(await answer.rest()).toHaveLength(1);
    expect(await violations.next()).toBe(UNKNOWN_TYPE.here);

    const other = await on.rustClientAtRaw();
    other.raw.write(UNKNOWN_TYPE.bytes);
    expect(await rustError(other.rust.awaitEvent())).toBe(UNKNOWN_TYPE.there);
  });

  it.each(BROKEN_FRAMES)('is an error of the Rust client: $what', async ({ bytes, there }) => {
    const { raw, rust } = await on.rustClientAtRaw();
    raw.write(bytes);
    expect(await rustError(rust.awaitEvent())).toBe(there);
  });

  it.each([1, 39, 40, 41, 103])('is a packet that ends after %i bytes, for both clients', async (length) => {
    const part = bytesOf(result).subarray(0, length);
    const { raw, session, client } = await on.clientAtRaw();
    const ended = new Inbox(client.ended$);
    const answer = new Inbox(session.submit({}));
    await raw.nextPacket();
    raw.write(part).finish();
    await expect(answer.next()).rejects.toMatchObject({ reason: 'connection-lost' });
    await expect(ended.next()).rejects.toMatchObject({
      kind: 'io',
      message: expect.stringContaining('ended inside a packet') as string,
    });

    const other = await on.rustClientAtRaw();
    other.raw.write(part).finish();
    expect(await rustError(other.rust.awaitEvent())).toBe('Io UnexpectedEof');
  });
});

describe('an ack of a server that does not fit its open', () => {
  const RESUMED = { sessionId, sessionStatus: SessionStatus.Resumed } as const;
  it.each([
    ['resumed what was not to be resumed', RESUMED, 'resumed ack requires a resume token in the request'],
    [
      'enables resume and names no window',
      { sessionId, sessionFlagsAck: 1, resumeTokenBytes: 24 },
      'resume_enabled ack requires non-zero resume window and token bytes',
    ],
    [
      'enables resume and names no token',
      { sessionId, sessionFlagsAck: 1, resumeWindowMs: 9 },
      'resume_enabled ack requires non-zero resume window and token bytes',
    ],
    ['names no session', { sessionId: 0 }, 'successful SESSION_OPEN_ACK requires a non-zero session_id'],
  ] as const)('%s, for both clients', async (_, metadata, rule) => {
    const ack = bytesOf(openAckPacket({ metadata }));
    const listener = await on.listenRaw();

    const { client } = await on.connect(listener.port);
    const here = (await listener.accept()).read();
    const opening = expect(
      client.openSession({ ...REFERENCE_DEFAULTS.session, allowResume: true }),
    ).rejects.toThrow(rule);
    await here.nextPacket();
    here.write(ack);
    await opening;

    const rust = await on.rust.connect({ port: listener.port, allowResume: true });
    const there = (await listener.accept()).read();
    const rustOpening = rustError(rust.openSession());
    await there.nextPacket();
    there.write(ack);
    expect(await rustOpening).toBe(
      `Protocol InvalidProtocolCombination: invalid protocol combination: ${rule}`,
    );
  });
});
