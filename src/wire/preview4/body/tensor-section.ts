import { u16, u32, u8 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { breaksRule } from '../../errors';

/** Flags of a tensor section. */
export const TensorSectionFlag = { MixedCodec: 0x1, FixedStride: 0x2 } as const;
const KNOWN_FLAGS = 0x3;

/** Describes one section of a tensor payload. */
export const TensorSectionDescriptor = record({
  name: 'TensorSectionDescriptor',
  subject: 'tensor_section',
  length: 32,
  fields: {
    roleId: u16(0),
    codecId: u8(2),
    dtypeId: u8(3),
    layoutId: u8(4),
    scalePolicy: u8(5),
    sectionFlags: u16(6),
    elementCountPerTile: u32(8),
    codecTableBytes: u32(12),
    lengthTableBytes: u32(16),
    payloadBytes: u32(20),
    payloadStrideBytes: u32(24),
  },
  reserved: { reserved: u32(28) },
  rules({ sectionFlags, codecTableBytes, lengthTableBytes, payloadStrideBytes }) {
    if ((sectionFlags & ~KNOWN_FLAGS) !== 0) breaksRule('tensor section flags contain unknown bits');
    const has = (flag: number): boolean => (sectionFlags & flag) !== 0;
    if ((codecTableBytes !== 0) !== has(TensorSectionFlag.MixedCodec)) {
      breaksRule('tensor codec table presence must match MIXED_CODEC');
    }
    if ((payloadStrideBytes !== 0) !== has(TensorSectionFlag.FixedStride)) {
      breaksRule('tensor payload stride presence must match FIXED_STRIDE');
    }
    if (lengthTableBytes % 4 !== 0) breaksRule('tensor length table bytes must be a multiple of four');
  },
});
export type TensorSectionDescriptor = RecordValue<typeof TensorSectionDescriptor>;
