import { enumeration, type EnumerationValue } from '../codec/enumeration';

/** Bits of a payload_kind_bitmap (protocol section 6); preview4's descriptors have one of them. */
export const PayloadKind = enumeration('payload_kind', {
  Tensor: 0x01,
  TokenChunk: 0x02,
  AudioChunk: 0x04,
  VideoChunk: 0x08,
  StructuredEvent: 0x10,
  ToolDelta: 0x20,
  OpaqueBytes: 0x40,
});
export type PayloadKind = EnumerationValue<typeof PayloadKind>;
export const PAYLOAD_KINDS = 0x7f;

/** The profiles that preview3 assigns; no other id means anything. */
export const Profile = { Unspecified: 0, Tensor: 1, Token: 2 } as const;
