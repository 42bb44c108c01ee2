import {
  checkHeaderOnly,
  checkMetadataLength,
  foreignSession,
  packetFault,
  type Role,
} from '../../src/protocol/packet-checks';
import { RuntimeError } from '../../src/protocol/runtime-error';
import { MessageType, messageTypeName } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';
import { preview3 } from '../../src/wire/preview3';
import { particulars } from '../support/marbles';
import {
  cancelPacket,
  openPacket,
  pingPacket,
  rawPacket,
  resultPacket,
  submitPacket,
} from '../support/packets';

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

describe('packetFault', () => {
  const faultOf = (packet: Packet, role: Role = 'server'): unknown =>
    particulars(packetFault(packet, preview3, role));

  it.each<[Role, Packet]>([
    ['server', submitPacket()],
    ['server', cancelPacket()],
    ['server', pingPacket()],
    ['client', pingPacket()],
    ['client', resultPacket()],
    ['server', openPacket()],
    ['server', { ...openPacket(), header: { ...openPacket().header, sessionId: 7 } }],
  ])('lets a %s take what it is to take', (role, packet) => {
    expect(packetFault(packet, preview3, role)).toBeUndefined();
  });

  it('knows no type of another revision', () => {
    expect(faultOf(rawPacket(MessageType.Progress))).toMatchObject({
      kind: 'protocol',
      cause: { fault: { kind: 'UnknownMessageType', actual: MessageType.Progress } },
    });
  });

  it.each<[Role, TypeName]>([
    ['server', 'ResultPush'],
    ['server', 'SessionOpenAck'],
    ['client', 'FrameSubmit'],
    ['client', 'ClientHello'],
  ])('lets nobody send a %s its own messages: %s', (role, type) => {
    const message = `${role} received unexpected ${messageTypeName(MessageType[type])}`;
    expect(faultOf(rawPacket(MessageType[type]), role)).toEqual(unexpected(message));
  });

  it('wants what is of the connection without a session, and what is of a session with one', () => {
    expect(faultOf(pingPacket({ sessionId: 7 }))).toEqual(unexpected('server received unexpected PING'));
    const homeless = rawPacket(MessageType.SessionPatch, { sessionId: 0, metaLen: 36 });
    expect(faultOf(homeless)).toEqual(unexpected('server received unexpected SESSION_PATCH'));
  });

  it.each<[Role, TypeName, number]>([
    ['server', 'FrameSubmit', 72],
    ['server', 'SessionPatch', 36],
    ['server', 'SessionMigrate', 24],
    ['client', 'ResultPush', 64],
    ['client', 'SessionPatchAck', 48],
    ['client', 'SessionMigrateAck', 24],
    ['client', 'SessionCloseAck', 16],
  ])('lets no %s take a %s with another length than %i', (role, type, length) => {
    const message = `${role} received malformed ${messageTypeName(MessageType[type])} metadata length`;
    for (const metaLen of [length - 1, length + 1, 0]) {
      expect(faultOf(rawPacket(MessageType[type], { metaLen }), role)).toEqual(unexpected(message));
    }
    expect(faultOf(rawPacket(MessageType[type], { metaLen: length }), role)).toBeUndefined();
  });

  it('lets a CLOSE have a body, and no metadata', () => {
    const { Close } = MessageType;
    expect(faultOf(rawPacket(Close, { sessionId: 0, bodyLen: 3 }))).toBeUndefined();
    const message = 'server received malformed CLOSE metadata length';
    expect(faultOf(rawPacket(Close, { sessionId: 0, metaLen: 3 }))).toEqual(unexpected(message));
  });

  it.each([
    { metaLen: 1, bodyLen: 0 },
    { metaLen: 0, bodyLen: 1 },
    { metaLen: 72, bodyLen: 5 },
  ])('refuses what is to be a header with %j', (lengths) => {
    const cancel = rawPacket(MessageType.FrameCancel, lengths);
    expect(faultOf(cancel)).toEqual(unexpected('server received malformed FRAME_CANCEL lengths'));
    const drop = 'RESULT_DROP is header-only and requires meta_len=0 and body_len=0';
    expect(faultOf(rawPacket(MessageType.ResultDrop, lengths), 'client')).toEqual(
      forbidden(drop, { kind: 'InvalidProtocolCombination', rule: drop }),
    );
    const ping = 'empty control message requires expected type, meta_len=0, and body_len=0';
    expect(faultOf(rawPacket(MessageType.Ping, { ...lengths, sessionId: 0 }))).toEqual(
      forbidden(ping, { kind: 'InvalidProtocolCombination', rule: ping }),
    );
  });
});

describe('foreignSession', () => {
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
    expect(particulars(foreignSession(MessageType[type], role))).toEqual(unexpected(message));
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
