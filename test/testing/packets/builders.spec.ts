import { comparePackets } from '../../../src/testing/matching/compare-packets';
import { sessionOpen } from '../../../src/client/options';
import { encodeTokens } from '../../../src/protocol/content/token-delta';
import { decodeMessage } from '../../../src/wire/message';
import { MessageType, messageTypeName, type Preview3MessageType } from '../../../src/wire/message-type';
import { encodePacket } from '../../../src/wire/encode-packet';
import { decodePacket, EMPTY, packet, type Packet } from '../../../src/wire/packet';
import { BackpressureLevel, FlowScope, FlowUpdateReason } from '../../../src/wire/messages/flow-update';
import { SubmitMode } from '../../../src/wire/messages/frame-submit';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { CloseReason, CloseStatus, InFlightPolicy } from '../../../src/wire/messages/session-close';
import { ErrorScope } from '../../../src/wire/messages/error-message';
import { PatchAckStatus, PatchRejectReason } from '../../../src/wire/messages/session-patch';
import { SessionErrorCode, SessionFlag, SessionStatus } from '../../../src/wire/messages/session-open';
import { preview3 } from '../../../src/wire/preview3';
import { isHeaderOnly } from '../../../src/wire/revision';
import {
  cacheAck,
  cacheInvalidate,
  cachePut,
  cacheReference,
  cancel,
  clientHello,
  close,
  drop,
  error,
  flowUpdate,
  hint,
  migrate,
  migrateAck,
  open,
  openAck,
  patch,
  patchAck,
  ping,
  pong,
  probe,
  probeAck,
  raw,
  result,
  resumeToken,
  scriptedTokens,
  serverHelloAck,
  sessionClose,
  sessionCloseAck,
  submit,
} from '../../../src/testing';

const camera = { objectKind: CacheObjectKind.CameraBlock, key: 9 };

/** One packet of each type, as its builder makes it. */
const built: Readonly<Record<keyof typeof Preview3MessageType, Packet>> = {
  ClientHello: clientHello(),
  ServerHelloAck: serverHelloAck(),
  SessionPatch: patch(42, { patchMask: 1 }),
  SessionPatchAck: patchAck(42),
  Close: close('bye'),
  Error: error({ sessionId: 42, frameId: 1 }, 5, 'text'),
  SessionOpen: open(42),
  SessionOpenAck: openAck(42),
  SessionClose: sessionClose(42, 7),
  SessionCloseAck: sessionCloseAck(42, 7),
  FrameSubmit: submit(42, 1, 'prompt'),
  FrameCancel: cancel(42, 1),
  ResultPush: result(42, 1, 'delta'),
  ResultDrop: drop(42, 1),
  CachePut: cachePut(42, camera, 'bytes'),
  CacheAck: cacheAck(42, camera),
  CacheInvalidate: cacheInvalidate(42, camera),
  FlowUpdate: flowUpdate(42).grant(3, 1),
  ResultHint: hint(42, 1),
  TransportProbe: probe(3, 'payload'),
  TransportProbeAck: probeAck(3, 4),
  SessionMigrate: migrate(42, 5),
  SessionMigrateAck: migrateAck(42, 5),
  Ping: ping(1),
  Pong: pong(1),
};

/** The metadata of a packet by its record. */
function fields(of: Packet): unknown {
  return decodeMessage(of).metadata;
}

describe.each(Object.entries(built))('the builder of %s', (name, made) => {
  it('makes a packet of that type that goes over the wire and comes back the same', () => {
    expect(messageTypeName(made.header.messageType)).toBe(
      messageTypeName(MessageType[name as keyof typeof MessageType]),
    );
    const back = decodePacket(encodePacket(made));
    expect(back).toEqual({ header: made.header, metadata: made.metadata, body: made.body });
    expect(() => decodeMessage(back)).not.toThrow();
  });

  it('makes a header that says what follows', () => {
    expect(made.header).toMatchObject({ metaLen: made.metadata.length, bodyLen: made.body.length });
    if (isHeaderOnly(preview3, made.header.messageType))
      expect(made.header).toMatchObject({ metaLen: 0, bodyLen: 0 });
  });
});

describe('open', () => {
  it('has the defaults of a client', () => {
    const blocks = { resumeToken: EMPTY, auth: EMPTY, extension: EMPTY };
    expect(fields(open(42))).toEqual(sessionOpen({ requestedSessionId: 42 }, blocks));
    expect(open().header.sessionId).toBe(0);
    expect(fields(open())).toMatchObject({ requestedSessionId: 0, maxInFlightOperations: 1 });
  });

  it('carries its blocks in order, and says how long they are', () => {
    const made = open(42).auth('abc').resuming(resumeToken(7, 2)).announced();
    expect(fields(made)).toMatchObject({ resumeTokenBytes: 2, authBytes: 3, sessionExtensionBytes: 36 });
    expect([...made.body.subarray(0, 5)]).toEqual([7, 7, 0x61, 0x62, 0x63]);
    expect(fields(made)).toMatchObject({ sessionFlags: SessionFlag.AllowResume });
  });

  it('says another length where it is told to', () => {
    const made = open(42).with({ resumeTokenBytes: 24 });
    expect(fields(made)).toMatchObject({ resumeTokenBytes: 24 });
    expect(made.body).toHaveLength(0);
  });

  it('keeps its blocks where something else is said', () => {
    const made = open(42).auth('abc').with({ defaultDeadlineMs: 9 }).withHeader({ traceId: 5n });
    expect(fields(made)).toMatchObject({ authBytes: 3, defaultDeadlineMs: 9 });
    expect(made.body).toHaveLength(3);
    expect(made.auth('').body).toHaveLength(0);
  });
});

describe('openAck', () => {
  it('carries a token and an extension, and says so', () => {
    const made = openAck(42).withToken(resumeToken(1)).announced(9);
    expect(fields(made)).toMatchObject({
      resumeTokenBytes: 24,
      sessionExtensionBytes: 24,
      sessionFlagsAck: 1,
    });
    expect(made.body).toHaveLength(48);
  });

  it('refuses with no id', () => {
    const made = openAck(42).rejected(SessionErrorCode.AuthFailed);
    expect(made.header.sessionId).toBe(0);
    expect(fields(made)).toMatchObject({
      sessionId: 0,
      serverSessionTag: 0n,
      sessionStatus: SessionStatus.Rejected,
    });
    expect(fields(openAck(42).retryLater())).toMatchObject({ sessionStatus: SessionStatus.RetryLater });
  });

  it('resumes with another token', () => {
    expect(fields(openAck(42).resumed(resumeToken(2)))).toMatchObject({
      sessionStatus: SessionStatus.Resumed,
      resumeTokenBytes: 24,
      sessionId: 42,
    });
  });
});

describe('the modifiers', () => {
  it.each<[string, Packet, object]>([
    ['sessionClose.abort', sessionClose(42).abort(), { inFlightPolicy: InFlightPolicy.Abort }],
    [
      'sessionClose.draining',
      sessionClose(42).draining(5),
      { inFlightPolicy: InFlightPolicy.Drain, drainTimeoutMs: 5 },
    ],
    [
      'sessionClose',
      sessionClose(42, 3),
      { closeReason: CloseReason.ClientShutdown, lastOperationId: 3n, sessionCloseTag: 42 },
    ],
    ['sessionCloseAck.draining', sessionCloseAck(42).draining(), { closeStatus: CloseStatus.Draining }],
    [
      'patchAck.rejected',
      patchAck(42).rejected(PatchRejectReason.InvalidRange, 3),
      {
        ackStatus: PatchAckStatus.Rejected,
        rejectReason: PatchRejectReason.InvalidRange,
        rejectedPatchMask: 3,
      },
    ],
    ['migrateAck.refused', migrateAck(42).refused(2), { acceptCode: 2 }],
    ['result.partial', result(42, 1).partial(), { resultClass: 1, resultFlags: 4, statusCode: 200 }],
    ['error', error({}, 5), { errorScope: ErrorScope.Connection, isFatal: false }],
    [
      'error of a session',
      error({ sessionId: 42 }, 5, 'abc'),
      { errorScope: ErrorScope.Session, diagnosticBytes: 3 },
    ],
    [
      'error.ofFrame',
      error({ sessionId: 42, frameId: 1 }, 5).ofFrame(3),
      { errorScope: ErrorScope.Frame, relatedViewId: 3 },
    ],
    ['error.fatal', error({}, 5).fatal(), { isFatal: true }],
    [
      'flowUpdate.grant',
      flowUpdate(42).grant(3, 1),
      { sessionCredit: 3, connectionCredit: 0, creditEpoch: 1, flowFlags: 1 },
    ],
    [
      'flowUpdate.pause',
      flowUpdate().pause(2),
      {
        scopeKind: FlowScope.Connection,
        updateReason: FlowUpdateReason.Pause,
        backpressureLevel: BackpressureLevel.Hard,
      },
    ],
    [
      'flowUpdate.resume',
      flowUpdate(42, 7).resume(4, 3),
      { operationId: 7n, operationCredit: 4, sessionCredit: 0 },
    ],
    [
      'flowUpdate.hard',
      flowUpdate(42).hard(1),
      { updateReason: FlowUpdateReason.Congestion, sessionCredit: 0 },
    ],
    [
      'cachePut',
      cachePut(42, camera, 'abc'),
      { cacheKeyLo: 9, objectBytes: 3, objectKind: CacheObjectKind.CameraBlock },
    ],
    [
      'submit.referring',
      submit(42, 1).referring(1, cacheReference(camera)),
      { submitMode: SubmitMode.Reference, objectRefMask: 1 },
    ],
  ])('%s', (_, made, expected) => {
    expect(fields(made)).toMatchObject(expected);
  });

  it('leave the packet that they start from as it was', () => {
    const made = result(42, 1, 'a');
    const before = encodePacket(made);
    made.partial().with({ statusCode: 9 }).withHeader({ viewId: 3 }).withBody('b');
    expect(encodePacket(made)).toEqual(before);
  });

  it('add to each other', () => {
    const made = submit(42, 1, 'x')
      .with({ latencyBudgetMs: 5 })
      .with({ targetFpsX100: 6 })
      .withHeader({ viewId: 3 })
      .withHeader({ traceId: 7n });
    expect(fields(made)).toMatchObject({ latencyBudgetMs: 5, targetFpsX100: 6 });
    expect(made.header).toMatchObject({ sessionId: 42, frameId: 1, viewId: 3, traceId: 7n });
  });

  it('change the length that the metadata says with the body, unless it was said', () => {
    expect(fields(cachePut(42, camera, 'abc').withBody('abcd'))).toMatchObject({ objectBytes: 4 });
    expect(fields(cachePut(42, camera, 'abc').with({ objectBytes: 9 }).withBody('abcd'))).toMatchObject({
      objectBytes: 9,
    });
  });

  it('throw where the protocol forbids what they say', () => {
    expect(() => result(42, 1).with({ resultFlags: 0x80 })).toThrow('reserved bits set');
    expect(() => submit(42, 1).with({ tileCount: 1 })).toThrow('non-tensor FRAME_SUBMIT');
  });

  it('carry broken metadata where they are told to', () => {
    const broken = submit(42, 1, 'x').withMetadata(Uint8Array.of(1, 2));
    expect([...broken.metadata]).toEqual([1, 2]);
    expect(broken.withHeader({ viewId: 1 }).metadata).toHaveLength(2);
  });
});

describe('result', () => {
  it('is a token delta for a string, and bytes as they are', () => {
    const { body, fields: declared } = encodeTokens(['delta']);
    expect(result(42, 1, 'delta').body).toEqual(body);
    expect(fields(result(42, 1, 'delta'))).toMatchObject(declared);
    expect([...result(42, 1, Uint8Array.of(1)).body]).toEqual([1]);
    expect(fields(result(42, 1, Uint8Array.of(1)))).toMatchObject({
      payloadKindBitmap: 0,
      payloadFrameCount: 0,
    });
    expect(result(42, 1).body).toHaveLength(0);
  });
});

describe('raw', () => {
  it('makes a packet of any type with any bytes', () => {
    const made = raw(MessageType.FrameSubmit, { sessionId: 42, frameId: 3 }, new Uint8Array(71), 'body');
    expect(made.header).toMatchObject({
      messageType: MessageType.FrameSubmit,
      sessionId: 42,
      metaLen: 71,
      bodyLen: 4,
    });
  });
});

describe('a built packet', () => {
  it('looks to a deep comparison as any other packet does', () => {
    const { header, metadata, body } = submit(42, 1, 'x');
    expect(submit(42, 1, 'x')).toEqual({ header, metadata, body });
    expect({ ...packet({ messageType: MessageType.Ping, frameId: 3 }) }).toEqual(ping(3));
  });

  it('says what a comparison passes over', () => {
    expect(hint(42, 1).ignoring('body').ignoring('metadata.reason', 'header').ignored).toEqual([
      'body',
      'metadata.reason',
      'header',
    ]);
    expect(hint(42, 1).ignoring('body').with({ retryAfterMs: 5 }).ignored).toEqual(['body']);
  });

  it('passes over what a server measures, where a result does not say it', () => {
    const times = ['metadata.queueMs', 'metadata.inferenceMs', 'metadata.serverTotalMs'];
    expect(result(42, 1).partial().ignored).toEqual(times);
    expect(result(42, 1).with({ queueMs: 3, serverTotalMs: 0 }).ignored).toEqual(['metadata.inferenceMs']);
  });
});

describe('a resuming SESSION_OPEN', () => {
  const told = { receivedResults: 2, wantedOperations: [3] };
  const resumed = (more: { lastOperationId?: number; receivedParts?: number[] } = {}) =>
    open(4)
      .resuming(resumeToken(1))
      .announced({ ...told, ...more });

  it.each([
    ['the newest operation', 'lastOperationId', { lastOperationId: 3 }, { lastOperationId: 4 }, '3', '4'],
    ['the parts that it has', 'receivedParts', { receivedParts: [3] }, { receivedParts: [4] }, '[3]', '[4]'],
  ])(
    'passes over %s, of which its client tells, where it does not say so',
    (_, name, said, other, expected, actual) => {
      expect(comparePackets(resumed(), resumed(said))).toEqual([]);
      expect(comparePackets(resumed(said), resumed(said))).toEqual([]);
      const path = `body.sessionExtension.${name}`;
      expect(comparePackets(resumed(said), resumed(other))).toEqual([{ path, expected, actual }]);
      expect(comparePackets(resumed(said), resumed())).not.toEqual([]);
      expect(comparePackets(open(4).resuming(resumeToken(1)), resumed(other))).not.toEqual([]);
      expect(comparePackets(resumed(), open(4).resuming(resumeToken(1)).announced())).not.toEqual([]);
    },
  );

  it('passes over either where it says the other', () => {
    const both = resumed({ lastOperationId: 3, receivedParts: [5] });
    expect(comparePackets(resumed({ lastOperationId: 3 }), both)).toEqual([]);
    expect(comparePackets(resumed({ receivedParts: [5] }), both)).toEqual([]);
    expect(comparePackets(resumed({ lastOperationId: 4 }), both)).toHaveLength(1);
  });
});

describe('scriptedTokens', () => {
  it('issues tokens that a script can say beforehand', () => {
    const issue = scriptedTokens();
    expect([issue(24), issue(16)]).toEqual([resumeToken(1), resumeToken(2, 16)]);
  });
});
