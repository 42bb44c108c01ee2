import { foreignSession, packetFault, type Role } from '../../src/protocol/packet-checks';
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
