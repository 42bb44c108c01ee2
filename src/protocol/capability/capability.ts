import { breaksRule } from '../../wire/errors';
import { VERSION_MAJOR, WIRE_FORMAT } from '../../wire/header';
import { PAYLOAD_KINDS } from '../../wire/messages/payload-kind';
import { ServerHelloAckMetadata, type ClientHelloMetadata } from '../../wire/messages/hello';
import { intersect, isSubset } from './bitmap';

/**
 * Checks a SERVER_HELLO_ACK against its CLIENT_HELLO (protocol section 5): nothing is selected or
 * accepted that the client did not offer. Throws an `NnrpError`, `InvalidProtocolCombination`.
 */
export function checkHelloAck(hello: ClientHelloMetadata, ack: ServerHelloAckMetadata): void {
  const { selectedVersionMajor, selectedWireFormat } = ack;
  if (selectedVersionMajor < hello.minVersionMajor || selectedVersionMajor > hello.maxVersionMajor) {
    breaksRule('SERVER_HELLO_ACK selected version must be inside client window');
  }
  if (!offersWireFormat(hello, selectedWireFormat)) {
    breaksRule('SERVER_HELLO_ACK selected wire format must be client-supported');
  }
  const checkSubset = (field: string, accepted: number, offered: number): void => {
    if (!isSubset(accepted, offered)) breaksRule(`SERVER_HELLO_ACK ${field}`);
  };
  checkSubset('accepted_profile_bitmap', ack.acceptedProfileBitmap, hello.supportedProfileBitmap);
  checkSubset(
    'accepted_payload_kind_bitmap',
    ack.acceptedPayloadKindBitmap,
    hello.supportedPayloadKindBitmap,
  );
  checkSubset('accepted_codec_bitmap', ack.acceptedCodecBitmap, hello.supportedCodecBitmap);
  checkSubset('accepted_compression_bitmap', ack.acceptedCompressionBitmap, hello.supportedCompressionBitmap);
  checkSubset('accepted_dtype_bitmap', ack.acceptedDtypeBitmap, hello.supportedDtypeBitmap);
  checkSubset('accepted_layout_bitmap', ack.acceptedLayoutBitmap, hello.supportedLayoutBitmap);
  checkSubset('cache_digest_bitmap', ack.cacheDigestBitmap, hello.cacheDigestBitmap);
  checkSubset('cache_object_bitmap', ack.cacheObjectBitmap, hello.cacheObjectBitmap);
}

/** The abilities of a server, and how much of each. Bitmaps are those of SERVER_HELLO_ACK. */
export interface ServerCapabilities {
  readonly profileBitmap: number;
  /** Default: every payload kind. */
  readonly payloadKindBitmap?: number;
  /** Default of the six below: none. */
  readonly codecBitmap?: number;
  readonly compressionBitmap?: number;
  readonly dtypeBitmap?: number;
  readonly layoutBitmap?: number;
  readonly cacheDigestBitmap?: number;
  readonly cacheObjectBitmap?: number;
  /** Default of the three below: what the client asks for. */
  readonly maxCacheEntries?: number;
  /** Bytes. */
  readonly maxCacheBytes?: number;
  readonly maxLaneCount?: number;
  /** Hundredths of a frame a second; default: what the client asks for. */
  readonly maxCadenceX100?: number;
  /** Default of the four below: 0. */
  readonly maxConcurrentFrames?: number;
  /** Bytes. */
  readonly maxBodyBytes?: number;
  /** Milliseconds. */
  readonly tokenTtlMs?: number;
  readonly serverFlags?: number;
}

/** The subject on which nothing could be agreed. */
export type HelloRefusalReason = 'version' | 'wire-format' | 'profile' | 'payload-kind';

export type HelloOutcome =
  | { readonly kind: 'accepted'; readonly ack: ServerHelloAckMetadata }
  | { readonly kind: 'refused'; readonly reason: HelloRefusalReason };

/**
 * Answers a CLIENT_HELLO (protocol section 5): what both ends can do, within the lower of the two
 * limits; a cadence of 0 sets none. Refused where no version, wire format, profile or payload kind is
 * common to both. The other bitmaps may come out empty.
 *
 * ```
 *               +--> accepted: SERVER_HELLO_ACK
 *  CLIENT_HELLO-+
 *               +--> refused: version, wire-format, profile, payload-kind
 * ```
 *
 * @example
 * const outcome = negotiateHello(hello, { profileBitmap: bitmapOf([Profile.Token]) });
 */
export function negotiateHello(hello: ClientHelloMetadata, server: ServerCapabilities): HelloOutcome {
  if (VERSION_MAJOR < hello.minVersionMajor || VERSION_MAJOR > hello.maxVersionMajor)
    return refused('version');
  if (!offersWireFormat(hello, WIRE_FORMAT)) return refused('wire-format');
  const acceptedProfileBitmap = intersect(hello.supportedProfileBitmap, server.profileBitmap);
  if (acceptedProfileBitmap === 0) return refused('profile');
  const acceptedPayloadKindBitmap = intersect(
    hello.supportedPayloadKindBitmap,
    server.payloadKindBitmap ?? PAYLOAD_KINDS,
  );
  if (acceptedPayloadKindBitmap === 0) return refused('payload-kind');
  const ack = ServerHelloAckMetadata.of({
    selectedVersionMajor: VERSION_MAJOR,
    selectedWireFormat: WIRE_FORMAT,
    sessionId: hello.requestedSessionId,
    acceptedProfileBitmap,
    acceptedPayloadKindBitmap,
    acceptedCodecBitmap: intersect(hello.supportedCodecBitmap, server.codecBitmap ?? 0),
    acceptedCompressionBitmap: intersect(hello.supportedCompressionBitmap, server.compressionBitmap ?? 0),
    acceptedDtypeBitmap: intersect(hello.supportedDtypeBitmap, server.dtypeBitmap ?? 0),
    acceptedLayoutBitmap: intersect(hello.supportedLayoutBitmap, server.layoutBitmap ?? 0),
    cacheDigestBitmap: intersect(hello.cacheDigestBitmap, server.cacheDigestBitmap ?? 0),
    cacheObjectBitmap: intersect(hello.cacheObjectBitmap, server.cacheObjectBitmap ?? 0),
    maxCacheEntries: Math.min(hello.maxCacheEntries, server.maxCacheEntries ?? Infinity),
    maxCacheBytes: Math.min(hello.maxCacheBytes, server.maxCacheBytes ?? Infinity),
    maxLaneCount: Math.min(hello.maxLaneCount, server.maxLaneCount ?? Infinity),
    maxConcurrentFrames: server.maxConcurrentFrames ?? 0,
    targetCadenceX100: lowerLimit(hello.targetCadenceX100, server.maxCadenceX100 ?? 0),
    latencyBudgetMs: hello.latencyBudgetMs,
    qualityTier: hello.qualityTier,
    degradePolicy: hello.degradePolicy,
    maxBodyBytes: server.maxBodyBytes ?? 0,
    tokenTtlMs: server.tokenTtlMs ?? 0,
    serverFlags: server.serverFlags ?? 0,
  });
  return { kind: 'accepted', ack };
}

function offersWireFormat({ supportedWireFormatBitmap }: ClientHelloMetadata, wireFormat: number): boolean {
  return wireFormat < 16 && ((supportedWireFormatBitmap >>> wireFormat) & 1) === 1;
}

/** The lower of two limits of which 0 is none. */
function lowerLimit(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b);
}

function refused(reason: HelloRefusalReason): HelloOutcome {
  return { kind: 'refused', reason };
}
