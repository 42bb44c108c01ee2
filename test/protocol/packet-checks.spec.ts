import {
  checkHeaderOnly,
  checkMessageType,
  checkMetadataLength,
  checkSession,
  foreignSession,
  type Role,
} from '../../src/protocol/packet-checks';
import { RuntimeError } from '../../src/protocol/runtime-error';
import { MessageType } from '../../src/wire/message-type';
import { particulars } from '../support/marbles';
import { cancelPacket, pingPacket, rawPacket, submitPacket } from '../support/packets';

type TypeName = keyof typeof MessageType;

/** What a check throws, told whole; undefined where it lets the packet pass. */
function refusal(check: () => void): unknown {
  try {
    check();
  } catch (error) {
    expect(error).toBeInstanceOf(RuntimeError);
    return particulars(error);
  }
  return undefined;
}

function unexpected(message: string): unknown {
  return {
    name: 'RuntimeError',
    kind: 'unexpected-message',
    reach: 'packet',
    origin: 'peer',
    message,
    cause: undefined,
  };
}

function forbidden(message: string, fault: Readonly<Record<string, unknown>>): unknown {
  const cause = { name: 'NnrpError', message, fault, cause: undefined };
  return { name: 'RuntimeError', kind: 'protocol', reach: 'packet', origin: 'peer', message, cause };
}

// The texts are those of nnrp-runtime 1.0.0-preview.3.2, which its users may have written down.

describe('checkMessageType', () => {
  it('passes the expected type', () => {
    expect(refusal(() => checkMessageType(pingPacket(), MessageType.Ping, 'server'))).toBeUndefined();
  });

  it('passes each of several expected types', () => {
    const expected = [MessageType.FrameCancel, MessageType.Ping];
    expect(refusal(() => checkMessageType(pingPacket(), expected, 'server'))).toBeUndefined();
    expect(refusal(() => checkMessageType(cancelPacket(), expected, 'server'))).toBeUndefined();
  });

  it.each<[Role, TypeName, string]>([
    ['server', 'SessionOpen', 'server expected SESSION_OPEN'],
    ['server', 'FrameSubmit', 'server expected FRAME_SUBMIT'],
    ['server', 'FrameCancel', 'server expected FRAME_CANCEL'],
    ['server', 'SessionPatch', 'server expected SESSION_PATCH'],
    ['server', 'SessionMigrate', 'server expected SESSION_MIGRATE'],
    ['server', 'SessionClose', 'server expected SESSION_CLOSE'],
    ['client', 'SessionOpenAck', 'client expected SESSION_OPEN_ACK'],
    ['client', 'SessionPatchAck', 'client expected SESSION_PATCH_ACK'],
    ['client', 'SessionMigrateAck', 'client expected SESSION_MIGRATE_ACK'],
    ['client', 'SessionCloseAck', 'client expected SESSION_CLOSE_ACK'],
  ])('says what a %s wanted instead of a PING: %s', (role, type, message) => {
    expect(refusal(() => checkMessageType(pingPacket(), MessageType[type], role))).toEqual(
      unexpected(message),
    );
  });

  it('names all of several expected types', () => {
    const { ResultPush, ResultDrop, FlowUpdate } = MessageType;
    const packet = pingPacket();
    expect(refusal(() => checkMessageType(packet, [ResultPush, ResultDrop, FlowUpdate], 'client'))).toEqual(
      unexpected('client expected RESULT_PUSH, RESULT_DROP, or FLOW_UPDATE'),
    );
    expect(refusal(() => checkMessageType(packet, [ResultPush, ResultDrop], 'client'))).toEqual(
      unexpected('client expected RESULT_PUSH or RESULT_DROP'),
    );
    expect(refusal(() => checkMessageType(packet, [ResultPush], 'client'))).toEqual(
      unexpected('client expected RESULT_PUSH'),
    );
  });
});

describe('checkSession', () => {
  it('passes packets of the session', () => {
    expect(refusal(() => checkSession(submitPacket({ sessionId: 7 }), 7, 'server'))).toBeUndefined();
  });

  it.each<[Role, TypeName, string]>([
    ['server', 'FrameSubmit', 'server received submit for another session'],
    ['server', 'FrameCancel', 'server received cancel for another session'],
    ['server', 'SessionPatch', 'server received patch for another session'],
    ['server', 'SessionMigrate', 'server received migrate for another session'],
    ['server', 'SessionClose', 'server received close for another session'],
    ['client', 'ResultPush', 'client received result for another session'],
    ['client', 'ResultDrop', 'client received drop for another session'],
    ['client', 'SessionPatchAck', 'client received patch ack for another session'],
    ['client', 'SessionMigrateAck', 'client received migrate ack for another session'],
    ['client', 'SessionCloseAck', 'client received close ack for another session'],
  ])('says what a %s received for another session: %s', (role, type, message) => {
    const packet = rawPacket(MessageType[type], { sessionId: 43 });
    expect(refusal(() => checkSession(packet, 42, role))).toEqual(unexpected(message));
    expect(particulars(foreignSession(MessageType[type], role))).toEqual(unexpected(message));
  });

  it('calls a message by its short name', () => {
    expect(refusal(() => checkSession(pingPacket(), 42, 'server'))).toEqual(
      unexpected('server received ping for another session'),
    );
  });

  it('calls the session of a FLOW_UPDATE unknown', () => {
    const packet = rawPacket(MessageType.FlowUpdate, { sessionId: 43 });
    expect(refusal(() => checkSession(packet, 42, 'client'))).toEqual(
      forbidden('session 43 is unknown on this connection', { kind: 'UnknownSession', sessionId: 43 }),
    );
  });
});

describe('checkMetadataLength', () => {
  it('passes the exact length', () => {
    const packet = rawPacket(MessageType.FrameSubmit, { metaLen: 72, bodyLen: 5 });
    expect(refusal(() => checkMetadataLength(packet, 72, 'server'))).toBeUndefined();
  });

  it.each<[Role, TypeName, number, string]>([
    ['server', 'FrameSubmit', 72, 'server received malformed FRAME_SUBMIT metadata length'],
    ['server', 'SessionPatch', 36, 'server received malformed SESSION_PATCH metadata length'],
    ['server', 'SessionMigrate', 24, 'server received malformed SESSION_MIGRATE metadata length'],
    ['client', 'ResultPush', 64, 'client received malformed RESULT_PUSH metadata length'],
    ['client', 'SessionPatchAck', 48, 'client received malformed SESSION_PATCH_ACK metadata length'],
    ['client', 'SessionMigrateAck', 24, 'client received malformed SESSION_MIGRATE_ACK metadata length'],
    ['client', 'SessionCloseAck', 16, 'client received malformed SESSION_CLOSE_ACK metadata length'],
  ])('lets no %s take another length of %s', (role, type, length, message) => {
    for (const metaLen of [length - 1, length + 1, 0]) {
      const packet = rawPacket(MessageType[type], { metaLen });
      expect(refusal(() => checkMetadataLength(packet, length, role))).toEqual(unexpected(message));
    }
  });
});

describe('checkHeaderOnly', () => {
  it('passes a header', () => {
    expect(refusal(() => checkHeaderOnly(cancelPacket({ frameId: 7 }), 'server'))).toBeUndefined();
  });

  const TOO_LONG = [
    { metaLen: 1, bodyLen: 0 },
    { metaLen: 0, bodyLen: 1 },
    { metaLen: 72, bodyLen: 5 },
  ];

  it.each(TOO_LONG)('refuses a FRAME_CANCEL with %j', (lengths) => {
    expect(refusal(() => checkHeaderOnly(rawPacket(MessageType.FrameCancel, lengths), 'server'))).toEqual(
      unexpected('server received malformed FRAME_CANCEL lengths'),
    );
  });

  it.each(TOO_LONG)('refuses a RESULT_DROP with %j as the rule of the protocol that it breaks', (lengths) => {
    const rule = 'RESULT_DROP is header-only and requires meta_len=0 and body_len=0';
    expect(refusal(() => checkHeaderOnly(rawPacket(MessageType.ResultDrop, lengths), 'client'))).toEqual(
      forbidden(rule, { kind: 'InvalidProtocolCombination', rule }),
    );
  });

  it.each<TypeName>(['Ping', 'Pong'])('refuses a %s that carries something in the same way', (type) => {
    const rule = 'empty control message requires expected type, meta_len=0, and body_len=0';
    expect(refusal(() => checkHeaderOnly(rawPacket(MessageType[type], { bodyLen: 8 }), 'server'))).toEqual(
      forbidden(rule, { kind: 'InvalidProtocolCombination', rule }),
    );
  });
});
