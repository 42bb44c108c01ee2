import type { Fact } from '../facts';
import { nameOf, nameOfOperation, type OperationRecord } from '../records';
import type { World } from '../world';
import { firstOf, type Finding } from './invariant';

/** 6: what the server says of a session goes to the connection that carries it. */
export function oneWayOut(fact: Fact): Finding {
  if (fact.kind !== 'misdirected') return undefined;
  return `${fact.packet} of ${nameOf(fact.session)} went to a connection that it had left`;
}

/** 6: what comes by another connection changes nothing, at either end. */
export function oneWayIn(fact: Fact): Finding {
  if (fact.kind !== 'stray' || fact.before === fact.after) return undefined;
  const { packet, at, before, after } = fact;
  return `${packet} by a connection that ${nameOf(fact.session)} had left changed it at the ${at}: ${before} became ${after}`;
}

/** 6 */
export function ghostsAreIgnored(operation: OperationRecord): Finding {
  if (!operation.isGhost || operation.starts === 0) return undefined;
  return `${nameOfOperation(operation)} came by a connection that its session had left, and started`;
}

/** 6: an ack of a request that went another way is not taken for that of a newer one. */
export function ownAcks({ ledger }: World): Finding {
  return firstOf(ledger.sessions, (session) =>
    session.wrongAcks === 0 ? undefined : `${nameOf(session)} took the ack of another request for its own`,
  );
}

/** 9 */
export function ownToken(fact: Fact): Finding {
  if (fact.kind !== 'resumed' || fact.isEntitled) return undefined;
  return `${nameOf(fact.session)} was taken up by ${fact.byWhom} with a token that does not count`;
}
