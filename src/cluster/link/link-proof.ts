import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { NodeName } from '../directory';

/** Who says hello over a link, and who is said hello to. */
export interface LinkEnds {
  readonly asking: { readonly node: NodeName; readonly nonce: string };
  readonly answering: { readonly node: NodeName; readonly nonce: string };
}

export function freshNonce(): string {
  return randomBytes(16).toString('hex');
}

/** The key of node links, which follows from the one that all nodes make tokens with. */
export function linkKey(tokenKey: Uint8Array): Uint8Array {
  return createHmac('sha256', tokenKey).update('nnrp-rx node link').digest();
}

/** That one of the ends has the key: over both names and both nonces, so that it is of this link and of no other. */
export function proofOf(
  end: 'asking' | 'answering',
  { asking, answering }: LinkEnds,
  key: Uint8Array,
): string {
  const said = [end, asking.node, asking.nonce, answering.node, answering.nonce];
  return createHmac('sha256', key).update(JSON.stringify(said)).digest('hex');
}

export function isProof(given: unknown, proof: string): boolean {
  const [one, other] = [Buffer.from(String(given)), Buffer.from(proof)];
  return one.length === other.length && timingSafeEqual(one, other);
}
