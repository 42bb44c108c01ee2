import {
  checkBody,
  decodeMessage,
  MessageType,
  packet,
  preview3,
  preview4,
  ControlRequestMetadata,
  SchedulingMetadata,
  SessionCloseMetadata,
  CloseReason,
  EMPTY,
} from '../../src/wire';
import { faultOf } from './fault-of';

const close = SessionCloseMetadata.of({ closeReason: CloseReason.IdleTimeout, lastOperationId: 7n });
const body = Uint8Array.of(1);

describe('decodeMessage', () => {
  it('decodes the metadata by the message type', () => {
    const given = packet(
      { messageType: MessageType.SessionClose, sessionId: 42, frameId: 3 },
      SessionCloseMetadata.encode(close),
      body,
    );
    const message = decodeMessage(given);
    expect(message).toEqual({
      messageType: MessageType.SessionClose,
      sessionId: 42,
      frameId: 3,
      header: given.header,
      metadata: close,
      body,
    });
    expect(message.body).toBe(body);
    // The type discriminates: this compiles without a cast.
    if (message.messageType !== MessageType.SessionClose) throw new Error('another type');
    expect(message.metadata.lastOperationId).toBe(7n);
  });

  it('has no metadata where the type has none', () => {
    const message = decodeMessage(packet({ messageType: MessageType.Ping }));
    expect(message).toMatchObject({ messageType: MessageType.Ping, metadata: undefined, body: EMPTY });
  });

  it('throws the fault of the record', () => {
    const short = packet({ messageType: MessageType.SessionClose }, new Uint8Array(23));
    expect(faultOf(() => decodeMessage(short))).toEqual({ kind: 'SourceTooShort', expected: 24, actual: 23 });
  });

  it('asks the revision which record it is', () => {
    const control = ControlRequestMetadata.of({ operationId: 7n });
    const given = packet({ messageType: MessageType.Cancel }, ControlRequestMetadata.encode(control));
    expect(decodeMessage(given, preview4).metadata).toEqual(control);
    expect(faultOf(() => decodeMessage(given, preview3))).toEqual({
      kind: 'UnknownMessageType',
      actual: MessageType.Cancel,
    });
  });

  it('keeps the rules that depend on the type', () => {
    const record = SchedulingMetadata.encode(SchedulingMetadata.of({ operationId: 7n }));
    const priority = packet({ messageType: MessageType.PriorityUpdate }, record);
    expect(decodeMessage(priority, preview4).metadata).toMatchObject({ operationId: 7n });
    const deadline = packet({ messageType: MessageType.Deadline }, record);
    expect(faultOf(() => decodeMessage(deadline, preview4))).toEqual({
      kind: 'InvalidProtocolCombination',
      rule: 'DEADLINE and EXPIRE_AT require deadline_unix_ms',
    });
  });
});

describe('checkBody', () => {
  const control = ControlRequestMetadata.of({ operationId: 7n, diagnosticBytes: 3 });
  const delta = { metadataBytes: 2, deltaBytes: 3 };
  const rowOf = (type: MessageType) => preview4.messages[type]!;

  it.each([
    ['as long as a field says', MessageType.Cancel, control, 3],
    ['as long as two fields say', MessageType.ObjectPatch, delta, 5],
    ['of none', MessageType.Deadline, {}, 0],
    ['of a header alone', MessageType.Ping, undefined, 0],
    ['that is a payload', MessageType.FrameSubmit, {}, 9],
    ['that nobody reads', MessageType.FlowUpdate, {}, 9],
  ])('takes a body %s', (_, type, metadata, length) => {
    expect(() => {
      checkBody(rowOf(type), metadata, new Uint8Array(length));
    }).not.toThrow();
  });

  it.each([
    ['control_request.diagnostic_bytes', MessageType.Cancel, control, 3, 2],
    ['object_delta.metadata_bytes', MessageType.ObjectPatch, delta, 5, 6],
    ['scheduling.body', MessageType.Deadline, {}, 0, 1],
    ['body', MessageType.Ping, undefined, 0, 1],
  ])('refuses another one: %s', (field, type, metadata, declared, actual) => {
    expect(
      faultOf(() => {
        checkBody(rowOf(type), metadata, new Uint8Array(actual));
      }),
    ).toEqual({ kind: 'DeclaredLengthMismatch', field, declared, actual });
  });
});
