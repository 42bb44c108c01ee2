import type { Fact } from '../facts';
import type { ServerInnards } from '../innards';
import { nameOf, nameOfOperation, type SessionRecord } from '../records';
import type { Finding } from './invariant';

/** 5: as a client that obeys knows the grant. */
export function withinGrant(fact: Fact): Finding {
  if (fact.kind !== 'submitted') return undefined;
  const { operation, isHeld, outstanding, granted } = fact;
  const name = nameOfOperation(operation);
  if (isHeld) return `${name} was sent while its client was asked to wait`;
  if (outstanding.session >= granted.session) {
    return `${name} was sent with ${outstanding.session} of ${granted.session} outstanding`;
  }
  if (outstanding.connection >= granted.connection) {
    return `${name} was sent with ${outstanding.connection} of ${granted.connection} outstanding on its connection`;
  }
  return undefined;
}

/** 5: the server never has more of such a client than may be in flight. */
export function withinMaxInFlight(session: SessionRecord, held: ServerInnards): Finding {
  if (!session.isObedient || held.registered <= held.maxInFlight) return undefined;
  return `${nameOf(session)} has ${held.registered} operations of ${held.maxInFlight}`;
}
