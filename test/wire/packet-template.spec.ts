import fc from 'fast-check';
import { encodePacket, EMPTY, header, HeaderFlag, MessageType, packet } from '../../src/wire';
import { PacketTemplate } from '../../src/wire/packet-template';
import { toHex } from '../support/hex';
import { faultOf } from './fault-of';

const metadata = Uint8Array.of(1, 2, 3);
const body = Uint8Array.of(4, 5);
const template = new PacketTemplate(MessageType.ResultPush, metadata);
const id = fc.integer({ min: 0, max: 0xffff_ffff });

describe('PacketTemplate', () => {
  it('makes packets like any others', () => {
    const whole = template.packet(42, 7, body);
    expect(whole.header).toEqual(
      header({ messageType: MessageType.ResultPush, sessionId: 42, frameId: 7, metaLen: 3, bodyLen: 2 }),
    );
    expect(whole.metadata).toEqual(metadata);
    expect(whole.body).toBe(body);
  });

  it('writes what is written of such a packet', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, bytes, id, id, (meta, content, sessionId, frameId) => {
        const fields = { messageType: MessageType.ResultPush, sessionId, frameId };
        const made = new PacketTemplate(MessageType.ResultPush, meta).packet(sessionId, frameId, content);
        expect(toHex(encodePacket(made))).toBe(toHex(encodePacket(packet(fields, meta, content))));
      }),
    );
  });

  it('keeps nothing of one packet for the next', () => {
    const [large, small] = [
      template.packet(0xffff_ffff, 0xffff_ffff, new Uint8Array(300)),
      template.packet(1, 2, EMPTY),
    ];
    encodePacket(large);
    expect(toHex(encodePacket(small))).toBe(
      toHex(
        encodePacket(packet({ messageType: MessageType.ResultPush, sessionId: 1, frameId: 2 }, metadata)),
      ),
    );
  });

  it('has metadata of its own: what it was made of may be written to', () => {
    const given = Uint8Array.from(metadata);
    const made = new PacketTemplate(MessageType.ResultPush, given).packet(42, 7, body);
    given.fill(9);
    expect(made.metadata).toEqual(metadata);
    expect(encodePacket(made).subarray(40, 43)).toEqual(metadata);
  });

  it('writes a header that somebody has changed', () => {
    const traced = template.packet(42, 7, body);
    traced.header.traceId = 5n;
    traced.header.flags = HeaderFlag.EndOfStream;
    const fields = { messageType: MessageType.ResultPush, sessionId: 42, frameId: 7, traceId: 5n };
    expect(toHex(encodePacket(traced))).toBe(
      toHex(encodePacket(packet({ ...fields, flags: HeaderFlag.EndOfStream }, metadata, body))),
    );
    traced.header.bodyLen = 1;
    expect(faultOf(() => encodePacket(traced))).toMatchObject({ kind: 'PacketLengthMismatch' });
  });

  it.each([
    ['sessionId', -1, 7],
    ['sessionId', 2 ** 32, 7],
    ['sessionId', NaN, 7],
    ['frameId', 42, 1.5],
    ['frameId', 42, 2 ** 32],
  ])('refuses a %s that no header has, as of other packets: %d, %d', (_, sessionId, frameId) => {
    const fields = { messageType: MessageType.ResultPush, sessionId, frameId };
    const fault = faultOf(() => encodePacket(packet(fields, metadata, body)));
    expect(fault).toMatchObject({ kind: 'ValueOutOfRange' });
    expect(faultOf(() => encodePacket(template.packet(sessionId, frameId, body)))).toEqual(fault);
  });

  it('refuses a message type that there is not', () => {
    expect(faultOf(() => new PacketTemplate(0 as MessageType, metadata))).toMatchObject({
      kind: 'UnknownMessageType',
    });
  });
});
