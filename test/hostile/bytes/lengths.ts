import { DEFAULT_PACKET_LIMITS, type NnrpFault, type PacketLimits } from '../../../src/wire';

const U32_MAX = 2 ** 32 - 1;

/** The lengths to declare around a limit, and where 31 and 32 bits wrap. */
export function lengthsAround(limit: number): readonly number[] {
  return [0, 1, limit, limit + 1, 2 ** 31 - 1, 2 ** 31, U32_MAX];
}

export interface Lengths {
  readonly metaLen: number;
  readonly bodyLen: number;
}

/** Every length of metadata with every length of body. */
export function lengthMatrix(limits: PacketLimits = DEFAULT_PACKET_LIMITS): readonly Lengths[] {
  return lengthsAround(limits.maxMetadataBytes).flatMap((metaLen) =>
    lengthsAround(limits.maxBodyBytes).map((bodyLen) => ({ metaLen, bodyLen })),
  );
}

/**
 * What a header that declares these lengths is refused with, undefined where it is not (protocol section
 * 1): first the sum, which a u32 must hold, then each against its limit. Computed with bigints, which
 * cannot wrap.
 */
export function refusalOf(
  { metaLen, bodyLen }: Lengths,
  limits: PacketLimits = DEFAULT_PACKET_LIMITS,
): NnrpFault | undefined {
  const { maxMetadataBytes, maxBodyBytes } = limits;
  const overflow = (declared: number | bigint, limit: number): NnrpFault => ({
    kind: 'MessageLengthOverflow',
    declared: Number(declared),
    limit,
  });
  const sum = BigInt(metaLen) + BigInt(bodyLen);
  if (sum > BigInt(U32_MAX)) return overflow(sum, U32_MAX);
  if (metaLen > maxMetadataBytes) return overflow(metaLen, maxMetadataBytes);
  if (bodyLen > maxBodyBytes) return overflow(bodyLen, maxBodyBytes);
  return undefined;
}
