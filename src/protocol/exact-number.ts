/** A u64 as the nearest exact number: one beyond those would come back as another. */
export function exactNumber(value: bigint | number): number {
  return value > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(value);
}
