import { maskU32, u16, u32, u8 } from '../codec/fields';
import { record, type RecordValue } from '../codec/record';
import { breaksRule } from '../errors';
import { VERSION_MAJOR, WIRE_FORMAT } from '../header';

/** CLIENT_HELLO (protocol section 5). Body: auth ‖ control extensions. */
export const ClientHelloMetadata = record({
  name: 'ClientHelloMetadata',
  length: 64,
  fields: {
    minVersionMajor: u8(0),
    maxVersionMajor: u8(1),
    supportedWireFormatBitmap: u16(2),
    /** Profile n is bit n − 1. */
    supportedProfileBitmap: u32(4),
    supportedPayloadKindBitmap: u32(8),
    supportedCodecBitmap: u32(12),
    supportedCompressionBitmap: u32(16),
    supportedDtypeBitmap: u32(20),
    supportedLayoutBitmap: u32(24),
    cacheDigestBitmap: u16(28),
    /** Cache object kind n is bit n − 1. */
    cacheObjectBitmap: u16(30),
    cacheNamespaceCount: u16(32),
    maxLaneCount: u16(34),
    maxCacheEntries: u32(36),
    maxCacheBytes: u32(40),
    /** Hundredths of a frame a second. */
    targetCadenceX100: u16(44),
    /** Milliseconds. */
    latencyBudgetMs: u16(46),
    qualityTier: u16(48),
    degradePolicy: u16(50),
    requestedSessionId: u32(52),
    authBytes: u32(56),
    controlExtensionBytes: u32(60),
  },
  rules(hello) {
    if (hello.minVersionMajor > hello.maxVersionMajor) {
      breaksRule('CLIENT_HELLO version window must be ordered');
    }
    if (VERSION_MAJOR < hello.minVersionMajor || VERSION_MAJOR > hello.maxVersionMajor) {
      breaksRule('CLIENT_HELLO version window must include NNRP/1');
    }
    if ((hello.supportedWireFormatBitmap & (1 << WIRE_FORMAT)) === 0) {
      breaksRule('CLIENT_HELLO supported_wire_format_bitmap must include wire_format 0');
    }
    if (hello.supportedProfileBitmap === 0) {
      breaksRule(
        'CLIENT_HELLO supported_profile_bitmap',
        'CLIENT_HELLO supported_profile_bitmap must not be 0',
      );
    }
    if (hello.supportedPayloadKindBitmap === 0) {
      breaksRule(
        'CLIENT_HELLO supported_payload_kind_bitmap',
        'CLIENT_HELLO supported_payload_kind_bitmap must not be 0',
      );
    }
  },
});
export type ClientHelloMetadata = RecordValue<typeof ClientHelloMetadata>;

/** SERVER_HELLO_ACK (protocol section 5). Body: control extensions. */
export const ServerHelloAckMetadata = record({
  name: 'ServerHelloAckMetadata',
  length: 80,
  fields: {
    selectedVersionMajor: u8(0),
    selectedWireFormat: u8(1),
    authStatus: u8(2),
    sessionId: u32(4),
    acceptedProfileBitmap: u32(8),
    acceptedPayloadKindBitmap: u32(12),
    acceptedCodecBitmap: u32(16),
    acceptedCompressionBitmap: u32(20),
    acceptedDtypeBitmap: u32(24),
    acceptedLayoutBitmap: u32(28),
    cacheDigestBitmap: u32(32),
    cacheObjectBitmap: u32(36),
    maxCacheEntries: u32(40),
    maxCacheBytes: u32(44),
    maxLaneCount: u16(48),
    maxConcurrentFrames: u16(50),
    /** Hundredths of a frame a second. */
    targetCadenceX100: u16(52),
    /** Milliseconds. */
    latencyBudgetMs: u16(54),
    qualityTier: u16(56),
    degradePolicy: u16(58),
    maxBodyBytes: u32(60),
    /** Milliseconds. */
    tokenTtlMs: u32(64),
    /** Milliseconds. */
    retryAfterMs: u32(68),
    controlExtensionBytes: u32(72),
    serverFlags: maskU32(76, 0x1),
  },
  reserved: { reserved0: u8(3) },
});
export type ServerHelloAckMetadata = RecordValue<typeof ServerHelloAckMetadata>;
