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

/** 19: what ends with its session says whether it may have run: not what was never sent, or is said never to begin. */
export function saysWhetherItRan(operation: OperationRecord): Finding {
  const outcome = operation.seen.at(-1);
  if (outcome?.type !== 'error') return undefined;
  if (outcome.reason !== 'connection-lost' && outcome.reason !== 'session-closed') return undefined;
  const { frameId, isReturned, starts } = operation;
  const isRight =
    outcome.outcome === 'not-run' ? starts === 0 && (frameId === 0 || isReturned) : frameId !== 0;
  if (isRight) return undefined;
  return `${nameOfOperation(operation)} ended ${outcome.outcome}, and ${frameId === 0 ? 'was never sent' : 'was sent'}`;
}

/** 19: objects that were put in a session are gone with it. */
export function refersToItsOwn(fact: Fact): Finding {
  if (fact.kind !== 'started') return undefined;
  const { reference, session } = fact.operation;
  if (reference === undefined || session.cached.has(reference)) return undefined;
  return `${nameOfOperation(fact.operation)} started, and object ${reference} was never put in its session`;
}
