import type { Fact } from '../facts';
import { nameOf, nameOfOperation, type OperationRecord } from '../records';
import type { Finding } from './invariant';

/** 19: who is told `resumed` has what it had, who is told `reopened` has not. */
export function saysThatItIsAnother(fact: Fact): Finding {
  if (fact.kind !== 'told-again' || fact.isAnother === (fact.as === 'reopened')) return undefined;
  const what = fact.isAnother ? 'another' : 'the same';
  return `${nameOf(fact.session)} is ${what} for its server, and ${fact.as} for its client`;
}

/** 19: what a server has had may have run there. */
export function sendsNothingAnew(fact: Fact): Finding {
  if (fact.kind !== 'sent-anew') return undefined;
  return `${nameOfOperation(fact.operation)} was sent to a server again that is not the one which had it`;
}

/** 19: what ends with its session says whether it was ever sent. */
export function saysWhetherItRan(operation: OperationRecord): Finding {
  const outcome = operation.seen.at(-1);
  if (outcome?.type !== 'error') return undefined;
  if (outcome.reason !== 'connection-lost' && outcome.reason !== 'session-closed') return undefined;
  const right = operation.frameId === 0 ? 'not-run' : 'unknown';
  return outcome.outcome === right
    ? undefined
    : `${nameOfOperation(operation)} ended ${outcome.outcome}, and is ${right}`;
}

/** 19: objects that were put in a session are gone with it. */
export function refersToItsOwn(fact: Fact): Finding {
  if (fact.kind !== 'started') return undefined;
  const { reference, session } = fact.operation;
  if (reference === undefined || session.cached.has(reference)) return undefined;
  return `${nameOfOperation(fact.operation)} started, and object ${reference} was never put in its session`;
}
