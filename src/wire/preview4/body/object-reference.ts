import { enumU16, u32, u64, zeroU16 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { CacheObjectKind } from '../../messages/cache';
import { OBJECT_REFERENCE_LENGTH } from './body-region';

/** A cached object that a submit of preview4 refers to, by a key of 128 bits. */
export const ObjectReferenceBlock = record({
  name: 'ObjectReferenceBlock',
  length: OBJECT_REFERENCE_LENGTH,
  fields: {
    objectKind: enumU16(0, CacheObjectKind),
    refFlags: zeroU16(2),
    cacheNamespace: u32(4),
    cacheKeyHi: u64(8),
    cacheKeyLo: u64(16),
  },
});
export type ObjectReferenceBlock = RecordValue<typeof ObjectReferenceBlock>;
