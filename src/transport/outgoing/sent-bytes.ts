import type { Transport } from '../transport';

/** Bytes of all that was sent over a transport, as far as it can tell. */
export function sentBytes({
  takenBytes = 0,
  queuedBytes,
}: Pick<Transport, 'takenBytes' | 'queuedBytes'>): number {
  return takenBytes + queuedBytes;
}
