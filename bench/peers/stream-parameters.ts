export interface StreamPeer {
  /** Milliseconds between the parts of an answer; 0 for as fast as they are taken. */
  readonly everyMs: number;
  /** Of a part's body. */
  readonly partBytes: number;
}

/** How many parts a submit asks for: the first four bytes of its body. */
export function partsAsked(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset).getUint32(0, true);
}
