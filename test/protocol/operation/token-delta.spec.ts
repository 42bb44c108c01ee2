import fc from 'fast-check';
import { completeResult } from '../../../src/protocol/operation/result';
import { decodeTokens, TokenDecoder } from '../../../src/protocol/content/token-decoder';
import { encodeTokens, TOKEN_DELTA } from '../../../src/protocol/content/token-delta';
import { splitBody } from '../../../src/wire/body/body-region';
import { decodeTypedPayload, encodeTypedPayload } from '../../../src/wire/body/typed-payload';
import { joinBody } from '../../../src/wire/body/body-region';
import { PayloadKind, Profile } from '../../../src/wire/messages/payload-kind';
import { ResultPushMetadata } from '../../../src/wire/messages/result-push';
import { StreamSemantics } from '../../../src/wire/messages/schema-descriptor';
import { faultOf } from '../support';

function roundTrip(texts: readonly string[]): string[] {
  const { body, fields } = encodeTokens(texts);
  return decodeTokens(completeResult(1, body, fields));
}

describe('a decoder of token deltas', () => {
  const opaque = (...bytes: number[]) => ({
    metadata: ResultPushMetadata.of(),
    body: Uint8Array.from(bytes),
  });

  it('joins a character that several results have a part of', () => {
    const decoder = new TokenDecoder();
    const texts = [opaque(0x61, 0xf0), opaque(0x9f), opaque(0x90, 0x8b, 0x62)].flatMap((each) =>
      decoder.decode(each),
    );
    expect(texts.join('')).toBe('a🐋b');
    expect(decoder.end()).toBe('');
  });

  it('says at the end that a character is not whole', () => {
    const decoder = new TokenDecoder();
    expect(decoder.decode(opaque(0xf0, 0x9f))).toEqual(['']);
    expect(decoder.end()).toBe('\ufffd');
    expect(decoder.decode(opaque(0x61))).toEqual(['a']);
  });
});

describe('token deltas', () => {
  it('come back text by text', () => {
    expect(roundTrip(['Call', ' me', ' Ishmael', ''])).toEqual(['Call', ' me', ' Ishmael', '']);
    expect(roundTrip([])).toEqual([]);
  });

  it('come back whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        expect(roundTrip(texts)).toEqual(texts);
      }),
    );
  });

  it('keep U+FEFF, which is a character here and no mark', () => {
    expect(roundTrip(['\ufeffCall', '\ufeff'])).toEqual(['\ufeffCall', '\ufeff']);
  });

  it('may end inside a character, which the next of the payload goes on with', () => {
    const [first, second] = [Uint8Array.of(0xf0, 0x9f), Uint8Array.of(0x90, 0x8b)];
    const parts = [first, second].map((payload) => ({ profileId: Profile.Token, payload }));
    const body = joinBody(encodeTypedPayload(PayloadKind.TokenChunk, parts));
    const metadata = { payloadKindBitmap: PayloadKind.TokenChunk, payloadFrameCount: 2 };
    expect(decodeTokens({ metadata, body })).toEqual(['', '🐋']);
    // The character does not spill into what is decoded next.
    expect(roundTrip(['whale'])).toEqual(['whale']);
  });

  it('say of themselves what the standard schema wants', () => {
    const { body, fields } = encodeTokens(['a', 'b']);
    expect(fields).toEqual({
      activeProfileId: Profile.Token,
      payloadKindBitmap: PayloadKind.TokenChunk,
      payloadFrameCount: 2,
    });
    const { typedPayloadDescriptors, typedPayloadFrames } = splitBody(body);
    const frames = decodeTypedPayload(fields, typedPayloadDescriptors, typedPayloadFrames);
    for (const { descriptor } of frames) {
      expect(descriptor).toMatchObject({
        ...TOKEN_DELTA,
        profileId: Profile.Token,
        streamSemantics: StreamSemantics.Append,
      });
    }
  });

  it('are the text of a body that is no typed payload, and none of an empty one', () => {
    const metadata = ResultPushMetadata.of();
    expect(decodeTokens({ metadata, body: new TextEncoder().encode('naïve') })).toEqual(['naïve']);
    expect(decodeTokens({ metadata, body: new Uint8Array(0) })).toEqual([]);
  });

  it('say where a body ends inside a character', () => {
    const metadata = ResultPushMetadata.of();
    expect(decodeTokens({ metadata, body: Uint8Array.of(0x61, 0xf0, 0x9f) })).toEqual(['a\ufffd']);
  });

  it('hold half a character back for the text that has the other', () => {
    expect(roundTrip(['Hi \ud83d', '\ude00!', '\ud83d'])).toEqual(['Hi ', '😀!', '\ufffd']);
    expect(roundTrip(['\ud83d'])).toEqual(['\ufffd']);
  });

  it('are refused where the body is not what the record says', () => {
    const { body, fields } = encodeTokens(['a', 'b']);
    const metadata = { ...fields, payloadFrameCount: 3 };
    expect(faultOf(() => decodeTokens({ metadata, body }))).toEqual({
      kind: 'InvalidProtocolCombination',
      rule: 'typed payload descriptor region length must match payload_frame_count',
    });
  });
});
