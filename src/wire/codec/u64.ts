const WORD = 32n;
const LOW = 0xffff_ffffn;

/** Below it a Number says a bigint exactly, and costs nothing: what is shifted or masked is a bigint of its own. */
const EXACT = 2 ** 53;

/**
 * Joins the two halves of a u64. A BigInt of more than a word costs several allocations, and nearly
 * every u64 of the protocol (trace ids, tags, operation ids) is 0 or fits 32 bits.
 */
export function joinU64(low: number, high: number): bigint {
  if (high === 0 && low === 0) return 0n;
  const near = high * 2 ** 32 + low;
  return near < EXACT ? BigInt(near) : (BigInt(high) << WORD) | BigInt(low);
}

/** Whether a value is a u64. */
export function isU64(value: unknown): value is bigint {
  if (typeof value !== 'bigint') return false;
  const near = Number(value);
  return (near >= 0 && near < EXACT) || BigInt.asUintN(64, value) === value;
}

export function lowWord(value: bigint): number {
  if (value === 0n) return 0;
  const near = Number(value);
  return near < EXACT ? near >>> 0 : Number(value & LOW);
}

export function highWord(value: bigint): number {
  if (value === 0n) return 0;
  const near = Number(value);
  return near < EXACT ? (near / 2 ** 32) >>> 0 : Number(value >> WORD);
}
