import fc from 'fast-check';
import { completeResult, partialResult } from '../../../src/protocol/operation/result';
import { bodyBytes, readResultMetadata, resultPacket } from '../../../src/protocol/operation/result-packet';
import { TextResult, textStart } from '../../../src/protocol/content/text-result';
import { decodeTokens } from '../../../src/protocol/content/token-decoder';
import { encodeTokens, TOKEN_DELTA } from '../../../src/protocol/content/token-delta';
import { PacketBatch } from '../../../src/transport/outgoing/packet-batch';
import { BodyRegionPrelude, joinBody } from '../../../src/wire/body/body-region';
import { DescriptorFlag } from '../../../src/wire/body/typed-payload';
import { fieldOffset } from '../../../src/wire/codec/record';
import { encodePacket } from '../../../src/wire/encode-packet';
import { NnrpError } from '../../../src/wire/errors';
import { PayloadKind, Profile } from '../../../src/wire/messages/payload-kind';
import { StreamSemantics } from '../../../src/wire/messages/schema-descriptor';
import { decodePacket } from '../../../src/wire/packet';
import { encodeTypedPayload, TypedPayloadDescriptor } from '../../../src/wire/preview4/body/typed-payload';
import { partialPacket } from '../../../src/wire/preview4/partial-packet';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const shortText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    maxLength: 100,
  }),
);
const text = fc.oneof(
  { weight: 2, arbitrary: shortText },
  fc.integer({ min: 4000, max: 5000 }).map((length) => '鯨'.repeat(length)),
);

/** Where the descriptor of a text has its flags in preview4, and nothing in preview3. */
const PREVIEW4_FLAGS_AT = BodyRegionPrelude.length + fieldOffset(TypedPayloadDescriptor, 'descriptorFlags');

/** Several, of which none ends inside a character: that would go on in the next. */
const texts = fc.array(
  shortText.map((each) => `${each}.`),
  { minLength: 2, maxLength: 8 },
);

/** The same answer by the record codec alone. */
function byCodec(sessionId: number, frameId: number, words: readonly string[]): Uint8Array {
  const { body, fields } = encodeTokens(words);
  return encodePacket(resultPacket(sessionId, partialResult(frameId, body, fields)));
}

describe('a text as a result', () => {
  it('is on the wire, byte for byte, what encodeTokens and the codec make of it', () => {
    fc.assert(
      fc.property(u32, u32, text, (sessionId, frameId, words) => {
        const expected = byCodec(sessionId, frameId, [words]);
        const batch = new PacketBatch();
        batch.add(resultPacket(sessionId, new TextResult(frameId, words)));
        const { byteLength } = batch;
        expect(Buffer.concat(batch.take())).toEqual(Buffer.from(expected));
        expect(byteLength).toBe(expected.length);
        expect(encodePacket(resultPacket(sessionId, new TextResult(frameId, words)))).toEqual(expected);
      }),
    );
  });

  it('is that with several texts, too, each a frame', () => {
    fc.assert(
      fc.property(u32, u32, texts, (sessionId, frameId, words) => {
        const expected = byCodec(sessionId, frameId, words);
        const result = new TextResult(frameId, words);
        const packet = resultPacket(sessionId, result);
        const batch = new PacketBatch();
        batch.add(packet);
        expect(Buffer.concat(batch.take())).toEqual(Buffer.from(expected));
        expect(encodePacket(packet)).toEqual(expected);
        expect(bodyBytes(result)).toBe(decodePacket(expected).body.length);
        expect(result.maxByteLength).toBeGreaterThanOrEqual(bodyBytes(result));
        const { body, fields } = encodeTokens(words);
        expect({ metadata: packet.metadata, body: packet.body }).toEqual({
          metadata: resultPacket(sessionId, partialResult(frameId, body, fields)).metadata,
          body,
        });
        expect({ metadata: result.metadata, body: result.body }).toEqual({
          metadata: partialResult(frameId, body, fields).metadata,
          body,
        });
        expect(decodeTokens(result)).toEqual(words.map((each) => Buffer.from(each).toString()));
      }),
    );
  });

  it('is that in preview4, as a part', () => {
    const preview4Body = (words: readonly string[]): Uint8Array => {
      const utf8 = new TextEncoder();
      const parts = words.map((each) => ({
        profileId: Profile.Token,
        payloadKind: PayloadKind.TokenChunk,
        descriptorFlags: DescriptorFlag.Partial,
        ...TOKEN_DELTA,
        streamSemantics: StreamSemantics.Append,
        payload: utf8.encode(each),
      }));
      return joinBody(encodeTypedPayload(parts));
    };
    fc.assert(
      fc.property(u32, u32, texts, (sessionId, frameId, words) => {
        const part = { sessionId, frameId, idLow: frameId, idHigh: 3, sequence: 7 };
        const expected = encodePacket(partialPacket(part, preview4Body(words)));
        const packet = new TextResult(frameId, words).part(part)!;
        expect(encodePacket(packet)).toEqual(expected);
        expect(encodePacket(new TextResult(frameId, words[0]!).part(part)!)).toEqual(
          encodePacket(partialPacket(part, preview4Body(words.slice(0, 1)))),
        );
        expect(packet.metadata).toEqual(partialPacket(part, preview4Body(words)).metadata);
        expect(packet.body).toEqual(preview4Body(words));
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
