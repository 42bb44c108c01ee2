import type { Fact } from '../facts';
import type { ServerInnards } from '../innards';
import { nameOf, nameOfOperation, type OperationRecord, type SessionRecord } from '../records';
import type { Finding } from './invariant';

/** 10 */
export function noStartAfterClose(fact: Fact): Finding {
  if (fact.kind !== 'started' || !fact.isClosed) return undefined;
  return `${nameOfOperation(fact.operation)} started after its session was closed`;
}

/** 10 */
export function overByDeadline(session: SessionRecord, _held: ServerInnards, now: number): Finding {
  if (session.closing === undefined || now <= session.closing.deadline) return undefined;
  return `${nameOf(session)} was to be over at ${session.closing.deadline} ms`;
}

/** 10: and not before, where the client gave time. */
export function notCutShort(fact: Fact): Finding {
  if (fact.kind !== 'cut-short') return undefined;
  return `${nameOfOperation(fact.operation)} was ended by a close that gave it time until ${fact.deadline} ms`;
}

/** 10: an operation that is over keeps nobody at work. */
export function handlerStops(operation: OperationRecord): Finding {
  if (!operation.isRunning || operation.ends.length === 0) return undefined;
  return `the handler of ${nameOfOperation(operation)} goes on after its end`;
}
