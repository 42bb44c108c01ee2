import { SESSION_DEFAULTS } from '../../../src/client/options';
import type { Fact } from '../facts';
import { waitingFor, type ServerInnards } from '../innards';
import { isOverForClient, nameOf, nameOfOperation, type SessionRecord } from '../records';
import type { World } from '../world';
import { firstOf, type Finding } from './invariant';

/** 18 */
export function heedsHolds(fact: Fact): Finding {
  if (fact.kind !== 'sent-while-held') return undefined;
  return `a result of ${nameOfOperation(fact.operation)} was sent while its client held it`;
}

/** 18: one that is nobody's fault but its consumer's ends so. */
export function slowForLong(fact: Fact): Finding {
  if (fact.kind !== 'called-slow' || fact.stillMs >= fact.allowedMs) return undefined;
  return `${nameOfOperation(fact.operation)} was called slow after ${fact.stillMs} of ${fact.allowedMs} ms`;
}

/** 18: what waits for those who pull is counted, and whoever has more than all may have is held. */
export function slowOnesAreHeld({ ledger, clients }: World): Finding {
  let counted = 0;
  for (const { usage } of clients) counted += usage.bufferedBytes;
  let waiting = 0;
  const finding = firstOf(ledger.sessions, (session) => {
    const { link } = session;
    // What has ended with a session that was opened anew may wait for its puller.
    const held = ledger.heldBy(session.tag);
    if (held?.client === undefined || isOverForClient(held)) return undefined;
    const most = session.maxBufferedBytes ?? SESSION_DEFAULTS.maxBufferedBytes;
    return firstOf(session.operations, (operation) => {
      const { pulled, isToBeHeld, frameId } = operation;
      const { bytes, mayGrow } = waitingFor(pulled);
      waiting += bytes;
      if (bytes <= most || !mayGrow || link === undefined || isToBeHeld || frameId === 0) return undefined;
      return `${bytes} bytes wait for who pulls ${nameOfOperation(operation)}, of ${most}, and it is not held`;
    });
  });
  if (finding !== undefined || counted === waiting) return finding;
  return `the clients tell of ${counted} bytes for those who pull, and there are ${waiting}`;
}

/** 18: and so is what waits at the server meanwhile. */
export function heldWithinBounds(session: SessionRecord, { held }: ServerInnards): Finding {
  const name = nameOf(session);
  if (held.bytes !== held.countedBytes)
    return `${name} holds ${held.bytes} bytes and counts ${held.countedBytes}`;
  if (held.largest > held.most) return `${name} holds ${held.largest} bytes of one answer, of ${held.most}`;
  return undefined;
}
