import { createHmac } from 'node:crypto';
import type { ClusterStore } from '../../cluster/cluster';

/** Milliseconds that a print is kept for nodes that come, and in which those that there are leave it again. */
const PRINT_TTL_MS = 600_000;
export const PRINT_AGAIN_MS = PRINT_TTL_MS / 4;

/**
 * Whether a node has the key that the cluster's nodes have, by a print of it that the first of them leaves. Rejects where the
 * store does not answer.
 */
export async function hasKeyOf(store: ClusterStore, key: Uint8Array): Promise<boolean> {
  const print = createHmac('sha256', key).update('nnrp-rx key print').digest();
  if (await store.claim('key', print, PRINT_TTL_MS)) return true;
  const held = await store.get('key');
  const isSame = held === undefined || print.equals(held);
  if (isSame) await store.put('key', print, PRINT_TTL_MS);
  return isSame;
}
