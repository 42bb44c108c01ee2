import { describePacket } from '../../../src/testing/matching/describe-packet';
import { inPreview4 } from '../../../src/testing';
import {
  checkBody,
  decodeMessage,
  decodePacket,
  encodePacket,
  joinBody,
  MessageType,
  messageTypeName,
  PayloadKind,
  preview4,
  Profile,
  type MetadataType,
} from '../../../src/wire';
import { faultOf } from '../../wire/fault-of';

const at = { sessionId: 42, frameId: 1 };

/** What each record does not take 0 for. */
const NEEDED: Readonly<Record<string, object>> = {
  FRAME_SUBMIT: { operationId: 7n },
  SESSION_MIGRATE: { oldTransportId: 2, newTransportId: 4 },
  CLIENT_HELLO: {
    minVersionMajor: 1,
    maxVersionMajor: 1,
    supportedWireFormatBitmap: 1,
    supportedProfileBitmap: 2,
    supportedPayloadKindBitmap: 2,
  },
  DEADLINE: { deadlineUnixMs: 5n },
  EXPIRE_AT: { deadlineUnixMs: 5n },
  PROGRESS: { operationId: 7n },
  PARTIAL_RESULT: { operationId: 7n },
  BACKPRESSURE: { pressureLevel: 1 },
  TRACE_CONTEXT: { traceId: 1n, spanId: 2n },
  RESULT_DROP_REASON: { operationId: 7n, dropReasonCode: 3 },
};

const types = preview4.messages.flatMap((row, type) =>
  row?.record === undefined ? [] : [[messageTypeName(type), type as MetadataType] as const],
);

describe('inPreview4', () => {
  it.each(types)('makes a %s that goes over the wire and comes back the same', (name, type) => {
    const declares = typeof preview4.messages[type]?.body === 'object';
    const made = inPreview4(type, at, NEEDED[name] ?? {}, declares ? 'body' : '');
    const back = decodePacket(encodePacket(made));
    expect(back).toEqual({ header: made.header, metadata: made.metadata, body: made.body });
    const { metadata, body } = decodeMessage(back, preview4);
    expect(() => {
      checkBody(preview4.messages[type]!, metadata, body);
    }).not.toThrow();
  });

  it('says something else', () => {
    const cancel = inPreview4(MessageType.Cancel, at, { operationId: 7n }, 'why');
    const other = cancel.with({ reasonCode: 1 }).withBody('because');
    expect(decodeMessage(other, preview4).metadata).toMatchObject({
      operationId: 7n,
      reasonCode: 1,
      diagnosticBytes: 7,
    });
  });

  it('refuses what its record does', () => {
    expect(faultOf(() => inPreview4(MessageType.FrameSubmit, at, {}))).toMatchObject({
      rule: 'FRAME_SUBMIT operation_id must not be zero',
    });
  });
});

describe('a line that describes a message of preview4', () => {
  it.each([
    [
      inPreview4(MessageType.Cancel, at, { operationId: 7n, reasonCode: 1 }, 'why'),
      'CANCEL session 42 frame 1 operationId 7 reasonCode 1 "why"',
    ],
    [
      inPreview4(MessageType.CachePut, at, { cacheKeyLo: 2n ** 40n, objectKind: 1 }, ''),
      'CACHE_PUT session 42 frame 1 objectKind CameraBlock (1) cacheKeyLo 1099511627776',
    ],
    [
      inPreview4(MessageType.PriorityUpdate, at, { operationId: 7n, priorityDelta: -2 }),
      'PRIORITY_UPDATE session 42 frame 1 operationId 7 priorityDelta -2',
    ],
  ])('%#', (packet, line) => {
    expect(describePacket(packet)).toBe(line);
  });

  it('has the tokens of a submit', () => {
    const { shape, ...regions } = preview4.typedPayload.encode([
      { profileId: Profile.Token, payloadKind: PayloadKind.TokenChunk, payload: Buffer.from('hello') },
    ]);
    const body = joinBody(regions, preview4.records.BodyRegionPrelude);
    const submit = inPreview4(MessageType.FrameSubmit, at, { ...shape, operationId: 7n }, body);
    expect(describePacket(submit)).toBe('FRAME_SUBMIT session 42 frame 1 operationId 7 tokens "hello"');
  });
});
