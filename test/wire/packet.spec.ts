import fc from 'fast-check';
import {
  checkLengths,
  CommonHeader,
  decodePacket,
  EMPTY,
  encodePacket,
  header,
  MessageType,
  packet,
  payloadLength,
} from '../../src/wire';
import { packets } from '../support/arbitraries';
import { toHex } from '../support/hex';
import { faultOf } from './fault-of';

const metadata = Uint8Array.of(1, 2, 3);
const body = Uint8Array.of(4, 5);
const submit = packet({ messageType: MessageType.FrameSubmit, sessionId: 42, frameId: 7 }, metadata, body);

describe('packet', () => {
  it('declares the lengths of its parts', () => {
    expect(submit.header).toEqual(
      header({ messageType: MessageType.FrameSubmit, sessionId: 42, frameId: 7, metaLen: 3, bodyLen: 2 }),
    );
    expect(submit.metadata).toBe(metadata);
    expect(submit.body).toBe(body);
  });

  it('is a header and nothing else unless told otherwise', () => {
    const ping = packet({ messageType: MessageType.Ping });
    expect(ping).toEqual({ header: header({ messageType: MessageType.Ping }), metadata: EMPTY, body: EMPTY });
  });
});

describe('encodePacket', () => {
  it('writes header, metadata and body one after the other', () => {
    expect(toHex(encodePacket(submit))).toBe(`${toHex(CommonHeader.encode(submit.header))}0102030405`);
  });

  it('takes views of larger buffers', () => {
    const buffer = Uint8Array.of(9, 1, 2, 3, 4, 5, 9);
    const { header, ...parts } = { ...submit, metadata: buffer.subarray(1, 4), body: buffer.subarray(4, 6) };
    expect(encodePacket({ header, ...parts })).toEqual(encodePacket(submit));
  });

  it('refuses a header that does not suit its parts', () => {
    const longer = { ...submit, body: new Uint8Array(3) };
    expect(faultOf(() => encodePacket(longer))).toEqual({
      kind: 'PacketLengthMismatch',
      declared: 45,
      actual: 46,
    });
    const shorter = { ...submit, metadata: EMPTY };
    expect(faultOf(() => encodePacket(shorter))).toEqual({
      kind: 'PacketLengthMismatch',
      declared: 45,
      actual: 42,
    });
  });

  it('refuses a header that draws the line between its parts elsewhere', () => {
    const shifted = { ...submit, metadata: body, body: metadata };
    expect(faultOf(() => checkLengths(shifted))).toEqual({
      kind: 'InvalidProtocolCombination',
      rule: 'meta_len 3 is not the length of the metadata, 2',
    });
  });

  it('checks the header as its record does', () => {
    const odd = { ...submit, header: { ...submit.header, flags: 0x80 } };
    expect(faultOf(() => encodePacket(odd)).kind).toBe('ReservedBitsSet');
  });
});

describe('payloadLength', () => {
  const lengths = (metaLen: number, bodyLen: number) =>
    header({ messageType: MessageType.Ping, metaLen, bodyLen });

  it('is the sum of both', () => {
    expect(payloadLength(lengths(72, 64))).toBe(136);
    expect(payloadLength(lengths(0, 0xffff_ffff))).toBe(0xffff_ffff);
    expect(payloadLength(lengths(0x8000_0000, 0x7fff_ffff))).toBe(0xffff_ffff);
  });

  it.each([
    [1, 0xffff_ffff, 0x1_0000_0000],
    [0x8000_0000, 0x8000_0000, 0x1_0000_0000],
    [0xffff_ffff, 0xffff_ffff, 0x1_ffff_fffe],
  ])('must not overflow a u32: %d + %d', (metaLen, bodyLen, declared) => {
    const fault = { kind: 'MessageLengthOverflow', declared, limit: 0xffff_ffff };
    expect(faultOf(() => payloadLength(lengths(metaLen, bodyLen)))).toEqual(fault);
    expect(faultOf(() => decodePacket(CommonHeader.encode(lengths(metaLen, bodyLen))))).toEqual(fault);
  });
});

describe('decodePacket', () => {
  it('reads what encodePacket wrote', () => {
    fc.assert(
      fc.property(packets(), (given) => {
        expect(decodePacket(encodePacket(given))).toEqual(given);
      }),
    );
  });

  it('copies nothing', () => {
    const buffer = new Uint8Array(100);
    buffer.set(encodePacket(submit), 11);
    const decoded = decodePacket(buffer.subarray(11, 56));
    expect(decoded).toEqual(submit);
    expect([decoded.metadata.buffer, decoded.metadata.byteOffset]).toEqual([buffer.buffer, 51]);
    expect([decoded.body.buffer, decoded.body.byteOffset]).toEqual([buffer.buffer, 54]);
  });

  it('makes no Buffers of a Buffer, and copies nothing of it', () => {
    const buffer = Buffer.from(encodePacket(submit));
    const decoded = decodePacket(buffer);
    expect(decoded).toEqual(submit);
    expect([decoded.metadata.constructor, decoded.body.constructor]).toEqual([Uint8Array, Uint8Array]);
    expect(decoded.body.buffer).toBe(buffer.buffer);
  });

  it('takes one packet, the whole of it and nothing more', () => {
    const bytes = encodePacket(submit);
    const longer = new Uint8Array([...bytes, 0]);
    expect(faultOf(() => decodePacket(longer))).toEqual({
      kind: 'PacketLengthMismatch',
      declared: 45,
      actual: 46,
    });
    for (let length = 40; length < bytes.length; length += 1) {
      const fault = faultOf(() => decodePacket(bytes.subarray(0, length)));
      expect(fault).toEqual({ kind: 'PacketLengthMismatch', declared: 45, actual: length });
    }
    for (let length = 0; length < 40; length += 1) {
      const fault = faultOf(() => decodePacket(bytes.subarray(0, length)));
      expect(fault).toEqual({ kind: 'SourceTooShort', expected: 40, actual: length });
    }
  });
});
