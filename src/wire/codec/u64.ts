const WORD = 32n;
const LOW = 0xffff_ffffn;

/**
 * Joins the two halves of a u64. A BigInt of more than a word costs several allocations, and nearly
 * every u64 of the protocol (trace ids, tags, operation ids) is 0 or fits 32 bits.
 */
export function joinU64(low: number, high: number): bigint {
  if (high !== 0) return (BigInt(high) << WORD) | BigInt(low);
  return low === 0 ? 0n : BigInt(low);
}

export function lowWord(value: bigint): number {
  return value === 0n ? 0 : Number(value & LOW);
}

export function highWord(value: bigint): number {
  return value === 0n ? 0 : Number(value >> WORD);
}
