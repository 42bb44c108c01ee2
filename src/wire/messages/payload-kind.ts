/** Bits of a payload_kind_bitmap (protocol section 6). */
export const PayloadKind = {
  Tensor: 0x01,
  TokenChunk: 0x02,
  AudioChunk: 0x04,
  VideoChunk: 0x08,
  StructuredEvent: 0x10,
  ToolDelta: 0x20,
  OpaqueBytes: 0x40,
} as const;
export const PAYLOAD_KINDS = 0x7f;

/** The profiles that preview3 assigns; no other id means anything. */
export const Profile = { Unspecified: 0, Tensor: 1, Token: 2 } as const;
