import fc from 'fast-check';
import { bitmapOf } from '../../../src/protocol/capability/bitmap';
import {
  checkHelloAck,
  negotiateHello,
  type ServerCapabilities,
} from '../../../src/protocol/capability/capability';
import { ClientHelloMetadata, ServerHelloAckMetadata } from '../../../src/wire/messages/hello';
import { PayloadKind, Profile } from '../../../src/wire/messages/payload-kind';
import { fromHex } from '../../support/hex';
import { brokenRule, faultOf } from '../support';

/** A CLIENT_HELLO of the reference. */
const hello = ClientHelloMetadata.decode(
  fromHex(
    '01010100010000000100000003000000030000002100000003000000010007000100020040000000000001007017640002000000000000006000000000000000',
  ),
);

const ack = (fields: Partial<ServerHelloAckMetadata> = {}): ServerHelloAckMetadata =>
  ServerHelloAckMetadata.of({
    selectedVersionMajor: 1,
    acceptedProfileBitmap: 1,
    acceptedPayloadKindBitmap: 1,
    acceptedCodecBitmap: 3,
    acceptedCompressionBitmap: 3,
    acceptedDtypeBitmap: 0x21,
    acceptedLayoutBitmap: 3,
    cacheDigestBitmap: 1,
    cacheObjectBitmap: 7,
    ...fields,
  });

describe('a SERVER_HELLO_ACK', () => {
  it('may accept all that was offered, or less', () => {
    expect(() => checkHelloAck(hello, ack())).not.toThrow();
    expect(() => checkHelloAck(hello, ServerHelloAckMetadata.of({ selectedVersionMajor: 1 }))).not.toThrow();
  });

  it.each([
    [{ selectedVersionMajor: 0 }, 'SERVER_HELLO_ACK selected version must be inside client window'],
    [{ selectedVersionMajor: 2 }, 'SERVER_HELLO_ACK selected version must be inside client window'],
    [{ selectedWireFormat: 1 }, 'SERVER_HELLO_ACK selected wire format must be client-supported'],
    [{ selectedWireFormat: 32 }, 'SERVER_HELLO_ACK selected wire format must be client-supported'],
    [{ acceptedProfileBitmap: 2 }, 'SERVER_HELLO_ACK accepted_profile_bitmap'],
    [{ acceptedPayloadKindBitmap: 3 }, 'SERVER_HELLO_ACK accepted_payload_kind_bitmap'],
    [{ acceptedCodecBitmap: 4 }, 'SERVER_HELLO_ACK accepted_codec_bitmap'],
    [{ acceptedCompressionBitmap: 4 }, 'SERVER_HELLO_ACK accepted_compression_bitmap'],
    [{ acceptedDtypeBitmap: 2 }, 'SERVER_HELLO_ACK accepted_dtype_bitmap'],
    [{ acceptedLayoutBitmap: 0x8000_0000 }, 'SERVER_HELLO_ACK accepted_layout_bitmap'],
    [{ cacheDigestBitmap: 2 }, 'SERVER_HELLO_ACK cache_digest_bitmap'],
    [{ cacheObjectBitmap: 0x1_0000 }, 'SERVER_HELLO_ACK cache_object_bitmap'],
  ])('is refused with %j', (fields, rule) => {
    expect(faultOf(() => checkHelloAck(hello, ack(fields)))).toEqual(brokenRule(rule));
  });
});

describe('negotiateHello', () => {
  const offer = (fields: Partial<ClientHelloMetadata> = {}): ClientHelloMetadata =>
    ClientHelloMetadata.of({
      minVersionMajor: 1,
      maxVersionMajor: 2,
      supportedWireFormatBitmap: 3,
      supportedProfileBitmap: bitmapOf([Profile.Tensor, Profile.Token]),
      supportedPayloadKindBitmap: PayloadKind.TokenChunk | PayloadKind.OpaqueBytes,
      supportedCodecBitmap: 0x8000_0001,
      cacheObjectBitmap: 0b110,
      maxCacheEntries: 64,
      maxCacheBytes: 4096,
      maxLaneCount: 8,
      targetCadenceX100: 6000,
      latencyBudgetMs: 100,
      qualityTier: 2,
      degradePolicy: 1,
      requestedSessionId: 42,
      ...fields,
    });
  const token: ServerCapabilities = { profileBitmap: bitmapOf([Profile.Token]) };

  it('answers with what both ends can do', () => {
    const outcome = negotiateHello(offer(), {
      ...token,
      payloadKindBitmap: PayloadKind.TokenChunk | PayloadKind.Tensor,
      codecBitmap: 0xffff_fffe,
      cacheObjectBitmap: 0b011,
      maxCacheEntries: 16,
      maxCacheBytes: 1 << 20,
      maxCadenceX100: 3000,
      maxConcurrentFrames: 4,
      maxBodyBytes: 1 << 24,
      tokenTtlMs: 30_000,
      serverFlags: 1,
    });
    expect(outcome).toEqual({
      kind: 'accepted',
      ack: ServerHelloAckMetadata.of({
        selectedVersionMajor: 1,
        selectedWireFormat: 0,
        sessionId: 42,
        acceptedProfileBitmap: 0b10,
        acceptedPayloadKindBitmap: PayloadKind.TokenChunk,
        acceptedCodecBitmap: 0x8000_0000,
        cacheObjectBitmap: 0b010,
        maxCacheEntries: 16,
        maxCacheBytes: 4096,
        maxLaneCount: 8,
        maxConcurrentFrames: 4,
        targetCadenceX100: 3000,
        latencyBudgetMs: 100,
        qualityTier: 2,
        degradePolicy: 1,
        maxBodyBytes: 1 << 24,
        tokenTtlMs: 30_000,
        serverFlags: 1,
      }),
    });
  });

  it('takes every payload kind, and no codec or cache, where the server does not say', () => {
    const outcome = negotiateHello(offer(), token);
    expect(outcome).toMatchObject({
      kind: 'accepted',
      ack: {
        acceptedPayloadKindBitmap: PayloadKind.TokenChunk | PayloadKind.OpaqueBytes,
        acceptedCodecBitmap: 0,
        cacheObjectBitmap: 0,
        maxCacheEntries: 64,
      },
    });
  });

  it.each([
    [0, 3000, 3000],
    [6000, 0, 6000],
    [0, 0, 0],
    [2000, 3000, 2000],
  ])('takes a cadence of 0 for no limit: %i and %i is %i', (client, server, expected) => {
    const outcome = negotiateHello(offer({ targetCadenceX100: client }), {
      ...token,
      maxCadenceX100: server,
    });
    expect(outcome).toMatchObject({ ack: { targetCadenceX100: expected } });
  });

  it.each([
    ['version', { minVersionMajor: 2 }, token],
    ['version', { minVersionMajor: 0, maxVersionMajor: 0 }, token],
    ['wire-format', { supportedWireFormatBitmap: 2 }, token],
    ['profile', { supportedProfileBitmap: bitmapOf([Profile.Tensor]) }, token],
    ['profile', {}, { profileBitmap: 0 }],
    ['payload-kind', {}, { ...token, payloadKindBitmap: PayloadKind.Tensor }],
  ])('is refused where there is no common %s', (reason, fields, server) => {
    expect(negotiateHello(offer(fields), server)).toEqual({ kind: 'refused', reason });
  });

  it('gives an ack that can be written, and that the client accepts', () => {
    const bits = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constant(0xffff_ffff));
    const server = fc.record({
      profileBitmap: bits,
      payloadKindBitmap: bits,
      codecBitmap: bits,
      compressionBitmap: bits,
      dtypeBitmap: bits,
      layoutBitmap: bits,
      cacheDigestBitmap: bits,
      cacheObjectBitmap: bits,
    });
    let accepted = 0;
    fc.assert(
      fc.property(bits, bits, fc.nat(0xffff), server, (a, b, c, capabilities) => {
        const client = offer({
          supportedProfileBitmap: a,
          supportedPayloadKindBitmap: b,
          supportedCodecBitmap: b,
          supportedCompressionBitmap: a,
          supportedDtypeBitmap: b,
          supportedLayoutBitmap: a,
          cacheDigestBitmap: c,
          cacheObjectBitmap: c,
        });
        const outcome = negotiateHello(client, capabilities);
        if (outcome.kind === 'refused') return;
        accepted++;
        expect(() => checkHelloAck(client, outcome.ack)).not.toThrow();
        const bytes = ServerHelloAckMetadata.encode(outcome.ack);
        expect(ServerHelloAckMetadata.decode(bytes)).toEqual(outcome.ack);
      }),
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
