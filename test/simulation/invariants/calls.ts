import type { Fact } from '../facts';
import { nameOf } from '../records';
import type { Finding } from './invariant';

/** 14 */
export function costsItsCall(fact: Fact): Finding {
  if (fact.kind !== 'bad-call') return undefined;
  const { session, what, answer, changed, hasSent } = fact;
  const name = `a bad ${what} of ${nameOf(session)}`;
  if (answer !== 'refused') return `${name} was ${answer}`;
  if (hasSent) return `${name} was refused, and something was sent`;
  return changed === undefined ? undefined : `${name} was refused, and ${changed}`;
}
