import { waitingFor, type ServerInnards } from '../innards';
import { isOverForClient, nameOf, type SessionRecord } from '../records';
import type { World } from '../world';
import type { Finding } from './invariant';

/** 8: no queue holds more than it may. */
export function withinBounds(session: SessionRecord, held: ServerInnards, now: number): Finding {
  const name = nameOf(session);
  const { queueLimits, outboxLimits } = held;
  if (held.inFlight + held.kept > held.maxInFlight) {
    return `${name} has ${held.inFlight} in flight and keeps ${held.kept} of ${held.maxInFlight} slots`;
  }
  if (held.queued > queueLimits.maxSubmits) {
    return `${name} has ${held.queued} of ${queueLimits.maxSubmits} queued`;
  }
  if (held.queuedBytes > queueLimits.maxBytes) {
    return `${name} has ${held.queuedBytes} of ${queueLimits.maxBytes} bytes queued`;
  }
  // One that nobody can take any more ends the session, in a turn of its own.
  if (outboxLimits === undefined || session.overfullAt === now) return undefined;
  if (held.results > outboxLimits.maxResults || held.resultBytes > outboxLimits.maxBytes) {
    return `${name} keeps ${held.results} results of ${held.resultBytes} bytes`;
  }
  return undefined;
}

/** 8: what a session counts is what it holds. */
export function countersAreRight(session: SessionRecord, held: ServerInnards): Finding {
  const name = nameOf(session);
  if (held.queuedBytes !== held.countedQueuedBytes) {
    return `${name} has ${held.queuedBytes} bytes queued and counts ${held.countedQueuedBytes}`;
  }
  if (held.resultBytes !== held.countedResultBytes) {
    return `${name} keeps ${held.resultBytes} bytes and counts ${held.countedResultBytes}`;
  }
  if (held.cacheBytes !== held.countedCacheBytes) {
    return `${name} has ${held.cacheBytes} bytes cached and counts ${held.countedCacheBytes}`;
  }
  if (held.inFlight + held.queued !== held.registered) {
    return `${name} has ${held.inFlight} in flight and ${held.queued} queued of ${held.registered}`;
  }
  return undefined;
}

/** 8: and so is what the server says. */
export function usageIsRight({ server, network, ledger }: World, held: readonly ServerInnards[]): Finding {
  const { usage } = server;
  let [queued, results, bytes, heldBytes] = [0, 0, 0, 0];
  for (const innards of held) {
    queued += innards.registered - innards.inFlight;
    results += innards.results;
    bytes += innards.resultBytes;
    heldBytes += innards.held.bytes;
  }
  return (
    differs('connections', usage.connections, network.servedCount) ??
    differs('sessions', usage.sessions, held.length) ??
    differs('operations in flight', usage.operationsInFlight, ledger.working.size) ??
    differs('operations queued', usage.operationsQueued, queued) ??
    differs('results', usage.outboxResults, results) ??
    differs('bytes of results', usage.outboxBytes, bytes) ??
    differs('bytes held', usage.heldBytes, heldBytes) ??
    differs('bytes held in all', held[0]?.held.countedInAll ?? heldBytes, heldBytes) ??
    differs('bytes to send', usage.queuedBytes, network.queuedBytes('server'))
  );
}

/** 8: and what the clients say; what was sent into a cut only they know. */
export function clientUsageIsRight({ clients, ledger }: World): Finding {
  let [operations, sessions] = [0, 0];
  for (const { usage } of clients) {
    operations += usage.operationsInFlight + usage.operationsWaiting;
    sessions += usage.sessions;
  }
  let open = 0;
  for (const { pulled } of ledger.open) if (pulled === undefined || waitingFor(pulled).mayGrow) open += 1;
  const living = ledger.sessions.filter(
    (session) => session.client !== undefined && !isOverForClient(session),
  ).length;
  return (
    differs('operations', operations, open, 'the clients tell') ??
    differs('sessions', sessions, living, 'the clients tell')
  );
}

function differs(what: string, told: number, counted: number, who = 'the server tells'): Finding {
  return told === counted ? undefined : `${who} of ${told} ${what}, and there are ${counted}`;
}
