/** `true` where two types are the same, not merely assignable to each other. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * Fails to compile where a claim about types is false; `npm run typecheck` is what runs it.
 *
 * @example
 * holds<Same<ReturnType<typeof parse>, Packet>>();
 */
export function holds<_Claim extends true>(): void {
  // The claim is the argument.
}
