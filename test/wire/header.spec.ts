import { CommonHeader, header, HEADER_LENGTH, HeaderFlag, MessageType } from '../../src/wire';
import { fromHex, toHex } from '../support/hex';
import { faultOf } from './fault-of';

// FLOW_UPDATE, meta_len 32, session 42, route 9, trace 0x1122334455667788.
const hex = '4e4e5250010017280000000020000000000000002a00000000000000000009008877665544332211';
const changed = (edits: Readonly<Record<number, number>>): Uint8Array => Object.assign(fromHex(hex), edits);

describe('CommonHeader', () => {
  const whole = header({
    messageType: MessageType.FlowUpdate,
    metaLen: 32,
    sessionId: 42,
    routeId: 9,
    traceId: 0x1122_3344_5566_7788n,
  });

  it('is 40 bytes', () => {
    expect(CommonHeader.length).toBe(HEADER_LENGTH);
    expect(toHex(CommonHeader.encode(whole))).toBe(hex);
    expect(CommonHeader.decode(fromHex(hex))).toEqual(whole);
  });

  it.each([
    [{ 0: 0x6e }, { kind: 'InvalidMagic' }],
    [{ 3: 0 }, { kind: 'InvalidMagic' }],
    [{ 4: 2 }, { kind: 'UnsupportedVersionMajor', actual: 2 }],
    [{ 4: 0 }, { kind: 'UnsupportedVersionMajor', actual: 0 }],
    [{ 5: 1 }, { kind: 'UnsupportedWireFormat', actual: 1 }],
    [{ 7: 41 }, { kind: 'InvalidHeaderLength', actual: 41 }],
    [{ 8: 0x40 }, { kind: 'ReservedBitsSet', field: 'common_header.flags', value: 0x40, allowed: 0x3f }],
    [
      { 11: 0x80 },
      { kind: 'ReservedBitsSet', field: 'common_header.flags', value: 0x8000_0000, allowed: 0x3f },
    ],
    [{ 6: 0 }, { kind: 'UnknownMessageType', actual: 0 }],
    [{ 6: 0x22 }, { kind: 'UnknownMessageType', actual: 0x22 }],
    [{ 6: 0xff }, { kind: 'UnknownMessageType', actual: 0xff }],
  ])('refuses %j', (edits, fault) => {
    expect(faultOf(() => CommonHeader.decode(changed(edits)))).toEqual(fault);
  });

  it('is checked in the order of protocol section 1', () => {
    const bytes = changed({ 0: 0, 4: 9, 5: 9, 6: 0, 7: 9, 8: 0xff });
    const steps: [number, number, string][] = [
      [0, 0x4e, 'UnsupportedVersionMajor'],
      [4, 1, 'UnsupportedWireFormat'],
      [5, 0, 'InvalidHeaderLength'],
      [7, 40, 'ReservedBitsSet'],
      [8, 0, 'UnknownMessageType'],
    ];
    expect(faultOf(() => CommonHeader.decode(bytes.subarray(0, 39)))).toEqual({
      kind: 'SourceTooShort',
      expected: 40,
      actual: 39,
    });
    expect(faultOf(() => CommonHeader.decode(bytes)).kind).toBe('InvalidMagic');
    for (const [at, byte, kind] of steps) {
      bytes[at] = byte;
      expect(faultOf(() => CommonHeader.decode(bytes)).kind).toBe(kind);
    }
  });

  it.each([
    [{ versionMajor: 2 }, { kind: 'UnsupportedVersionMajor', actual: 2 }],
    [{ wireFormat: 1 }, { kind: 'UnsupportedWireFormat', actual: 1 }],
    [{ headerLen: 44 }, { kind: 'InvalidHeaderLength', actual: 44 }],
    [{ flags: 0x40 }, { kind: 'ReservedBitsSet', field: 'common_header.flags', value: 0x40, allowed: 0x3f }],
    [{ messageType: 0x7f as MessageType }, { kind: 'UnknownMessageType', actual: 0x7f }],
    [
      { viewId: 65536 },
      { kind: 'ValueOutOfRange', field: 'common_header.view_id', value: 65536, max: 65535 },
    ],
    [
      { traceId: 1 as unknown as bigint },
      { kind: 'ValueOutOfRange', field: 'common_header.trace_id', value: 1, max: 2n ** 64n - 1n },
    ],
  ])('is not written with %p', (edits, fault) => {
    expect(faultOf(() => CommonHeader.encode({ ...whole, ...edits }))).toEqual(fault);
  });
});

describe('header', () => {
  it('needs a message type only', () => {
    expect(header({ messageType: MessageType.Ping })).toEqual({
      versionMajor: 1,
      wireFormat: 0,
      messageType: 0x20,
      headerLen: 40,
      flags: 0,
      metaLen: 0,
      bodyLen: 0,
      sessionId: 0,
      frameId: 0,
      viewId: 0,
      routeId: 0,
      traceId: 0n,
    });
  });

  it('keeps what is given', () => {
    const fields = {
      messageType: MessageType.ResultPush,
      flags: HeaderFlag.EndOfStream | HeaderFlag.Keyframe,
      metaLen: 64,
      bodyLen: 5,
      sessionId: 1,
      frameId: 2,
      viewId: 3,
      routeId: 4,
      traceId: 5n,
    };
    expect(header(fields)).toEqual({ versionMajor: 1, wireFormat: 0, headerLen: 40, ...fields });
  });
});
