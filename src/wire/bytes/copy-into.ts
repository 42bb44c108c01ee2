/** `to.set(from, at)`; that costs a lookup which Node 20 does not compile, and every packet asks for it twice. */
export function copyInto(to: Uint8Array, from: Uint8Array, at: number): void {
  Uint8Array.prototype.set.call(to, from, at);
}
