import { observedStreams } from '../innards';
import { isOpenForClient, isOverForClient, isOverForServer, nameOf, nameOfOperation } from '../records';
import type { World } from '../world';
import { firstOf, type Finding } from './invariant';

/** 11 */
export function nothingIsLeft(world: World): Finding {
  const { scheduler, servers, network, ledger, clients } = world;
  if (scheduler.pendingCount > 0) return `${scheduler.pendingCount} timers are left`;
  if (network.openCount > 0) return `${network.openCount} connections are left`;
  for (const [who, users] of Object.entries({ server: servers, client: clients })) {
    for (const [index, { usage }] of users.entries()) {
      const left = Object.entries(usage).find(([, count]) => count !== 0);
      if (left !== undefined) return `${who} no. ${index + 1} has ${String(left[1])} ${left[0]} left`;
    }
  }
  const running = ledger.operations.find(({ isRunning }) => isRunning);
  if (running !== undefined) return `the handler of ${nameOfOperation(running)} is left`;
  return firstOf(ledger.sessions, (session) => {
    const streams = session.server === undefined ? [] : observedStreams(session.server);
    return streams.length === 0
      ? undefined
      : `${streams.join(', ')} of ${nameOf(session)} are still subscribed to`;
  });
}

/** 12: what is over for one end is over for the other. */
export function bothEndsAgree({ ledger, scheduler }: World): Finding {
  for (const operation of ledger.working) {
    if (!operation.isOfClient || isOpenForClient(operation)) continue;
    return `${nameOfOperation(operation)} is over for its client and goes on at the server`;
  }
  return firstOf(ledger.sessions, (session) => {
    const { isObedient, client, server, connectivity, attachment } = session;
    if (!isObedient || client === undefined || server === undefined) return undefined;
    if (isOverForClient(session) === isOverForServer(session)) return undefined;
    // One that waits for nobody ends with its window.
    const waitedMs = scheduler.now() - (session.detachedAt ?? -Infinity);
    if (isOverForClient(session) && waitedMs <= server.granted.resumeWindowMs) return undefined;
    return `${nameOf(session)} is ${connectivity} for its client and ${attachment} for the server`;
  });
}
