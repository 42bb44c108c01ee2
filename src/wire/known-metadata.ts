import type { MessageType } from './message-type';

/** By message type. */
const known: (readonly Uint8Array[] | undefined)[] = [];

/**
 * Notes the metadata that most packets of a type have: those that come are these very bytes, which need no view of
 * their own and are known by what they are. Returns the bytes, which are not to be written to.
 */
export function noteMetadata(messageType: MessageType, bytes: Uint8Array): Uint8Array {
  known[messageType] = [...(known[messageType] ?? []), bytes];
  return bytes;
}

/** Metadata that are there, where they are known. */
export function knownMetadata(
  messageType: MessageType,
  length: number,
  bytes: Uint8Array,
  at: number,
): Uint8Array | undefined {
  const candidates = known[messageType];
  if (candidates === undefined) return undefined;
  for (const candidate of candidates) {
    if (candidate.length === length && isAt(candidate, bytes, at)) return candidate;
  }
  return undefined;
}

function isAt(candidate: Uint8Array, bytes: Uint8Array, at: number): boolean {
  // Where they differ, they do so near the end: class, kind and count of frames.
  for (let index = candidate.length - 1; index >= 0; index--) {
    if (bytes[at + index] !== candidate[index]) return false;
  }
  return true;
}
