import type { Fact } from '../facts';
import type { Finding } from './invariant';

/** 17 */
export function isTaken(fact: Fact): Finding {
  if (fact.kind !== 'too-large') return undefined;
  const { who, packet, bytes, most } = fact;
  return `${who} sent ${packet} of ${bytes} bytes, and the other end takes ${most}`;
}
