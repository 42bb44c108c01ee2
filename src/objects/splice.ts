import { breaksRule } from '../wire/errors';
import { ObjectDeltaFlag, type ObjectDeltaMetadata } from '../wire/preview4/objects';

/**
 * What a change makes of an object's bytes: another array, as an application may hold the one before. What is compressed
 * is the application's to apply. Throws an `NnrpError` where its region is not within the object.
 */
export function splice(
  bytes: Uint8Array,
  { flags, regionOffset, regionBytes }: Pick<ObjectDeltaMetadata, 'flags' | 'regionOffset' | 'regionBytes'>,
  delta: Uint8Array,
): Uint8Array {
  if ((flags & ObjectDeltaFlag.Compressed) !== 0) return bytes;
  if ((flags & ObjectDeltaFlag.Replaces) !== 0) return delta.slice();
  const end = regionOffset + BigInt(regionBytes);
  if (end > BigInt(bytes.length))
    breaksRule(
      'an object delta must be within its object',
      `an object delta of bytes ${regionOffset} to ${end} is not within its object, which has ${bytes.length}`,
    );
  const from = Number(regionOffset);
  const changed = new Uint8Array(bytes.length - regionBytes + delta.length);
  changed.set(bytes.subarray(0, from));
  changed.set(delta, from);
  changed.set(bytes.subarray(Number(end)), from + delta.length);
  return changed;
}
