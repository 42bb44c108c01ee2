import fc from 'fast-check';
import { completeResult, partialResult } from '../../../src/protocol/operation/result';
import { bodyBytes, readResultMetadata, resultPacket } from '../../../src/protocol/operation/result-packet';
import { TextResult, textStart } from '../../../src/protocol/operation/text-result';
import { encodeTokens } from '../../../src/protocol/operation/token-delta';
import { PacketBatch } from '../../../src/transport/packet-batch';
import { BodyRegionPrelude } from '../../../src/wire/body/body-region';
import { DescriptorFlag } from '../../../src/wire/body/typed-payload';
import { fieldOffset } from '../../../src/wire/codec/record';
import { encodePacket } from '../../../src/wire/encode-packet';
import { NnrpError } from '../../../src/wire/errors';
import { decodePacket } from '../../../src/wire/packet';
import { TypedPayloadDescriptor } from '../../../src/wire/preview4/body/typed-payload';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    maxLength: 100,
  }),
  fc.integer({ min: 4000, max: 5000 }).map((length) => '鯨'.repeat(length)),
);

/** Where the descriptor of a text has its flags in preview4, and nothing in preview3. */
const PREVIEW4_FLAGS_AT = BodyRegionPrelude.length + fieldOffset(TypedPayloadDescriptor, 'descriptorFlags');

/** The same answer by the record codec alone. */
function byCodec(sessionId: number, frameId: number, words: string): Uint8Array {
  const { body, fields } = encodeTokens([words]);
  return encodePacket(resultPacket(sessionId, partialResult(frameId, body, fields)));
}

describe('a text as a result', () => {
  it('is on the wire, byte for byte, what encodeTokens and the codec make of it', () => {
    fc.assert(
      fc.property(u32, u32, text, (sessionId, frameId, words) => {
        const expected = byCodec(sessionId, frameId, words);
        const batch = new PacketBatch();
        batch.add(resultPacket(sessionId, new TextResult(frameId, words)));
        const { byteLength } = batch;
        expect(Buffer.concat(batch.take())).toEqual(Buffer.from(expected));
        expect(byteLength).toBe(expected.length);
        expect(encodePacket(resultPacket(sessionId, new TextResult(frameId, words)))).toEqual(expected);
      }),
    );
  });

  it('has the parts that others have, for who asks', () => {
    fc.assert(
      fc.property(text, (words) => {
        const { body, fields } = encodeTokens([words]);
        const plain = partialResult(7, body, fields);
        const result = new TextResult(7, words);
        expect(bodyBytes(result)).toBe(body.length);
        const packet = resultPacket(42, result);
        expect(packet.body).toEqual(body);
        expect(packet.header).toEqual(resultPacket(42, plain).header);
        expect(packet.metadata).toEqual(resultPacket(42, plain).metadata);
        expect({ metadata: result.metadata, body: result.body }).toEqual({ metadata: plain.metadata, body });
      }),
      { numRuns: 50 },
    );
  });

  it('is what whoever has its body has made of it', () => {
    const result = new TextResult(7, 'whale');
    result.body.set(Buffer.from('squid').subarray(0, 5), result.body.length - 5);

    expect(
      Buffer.from(encodePacket(resultPacket(42, result)))
        .subarray(-5)
        .toString(),
    ).toBe('squid');
  });

  it('is what whoever has a part of its packet has made of it', () => {
    const packet = resultPacket(42, new TextResult(7, 'whale'));
    packet.header.traceId = 9n;
    const batch = new PacketBatch();
    batch.add(packet);

    expect(Buffer.concat(batch.take())).toEqual(Buffer.from(encodePacket(packet)));
    expect(Buffer.from(encodePacket(packet)).readBigUInt64LE(32)).toBe(9n);
  });

  it('is read back from its body, and from that of no other form by the same short way', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.integer({ min: 1, max: 255 }), (words, place, by) => {
        const { body } = new TextResult(7, words);
        const start = textStart(body);
        expect(Buffer.from(body.subarray(start)).toString()).toBe(Buffer.from(words).toString());
        const other = new Uint8Array(body);
        const at = place % (start ?? 1);
        other[at] = (other[at] ?? 0) ^ by;
        // That of preview4, which differs in this alone, is read by the same way.
        fc.pre(!(at === PREVIEW4_FLAGS_AT && by === DescriptorFlag.Partial));
        expect(textStart(other)).toBeUndefined();
        expect(textStart(body.subarray(0, body.length - 1))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it('shares its metadata with whoever receives it', () => {
    for (const result of [
      new TextResult(7, 'whale'),
      partialResult(7, new Uint8Array(2)),
      completeResult(7),
    ]) {
      const { metadata } = decodePacket(encodePacket(resultPacket(42, result)));
      expect(readResultMetadata(metadata)).toBe(result.metadata);
      const other = new Uint8Array(metadata);
      other[12] = 7;
      expect(readResultMetadata(other)).toEqual({ ...result.metadata, inferenceMs: 7 });
      expect(() => readResultMetadata(metadata.subarray(0, 63))).toThrow(NnrpError);
    }
  });
});
