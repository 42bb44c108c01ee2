import { TOO_LARGE_CODE } from '../../../src/server/connection/error-packet';
import type { Fact } from '../facts';
import { isOpenForClient, nameOf, nameOfOperation, type OperationRecord } from '../records';
import { lastBody, sameBytes } from './bodies';
import type { Finding } from './invariant';

/** 3: a result recorded while nobody could carry it is the outcome, unless the session was lost. */
export function recordedSurfaces(operation: OperationRecord): Finding {
  const recorded = operation.ends.find(({ end, isDetached }) => end === 'completed' && isDetached);
  const outcome = operation.seen.at(-1);
  if (recorded === undefined || outcome === undefined || isOpenForClient(operation)) return undefined;
  const name = nameOfOperation(operation);
  if (operation.unsubscribedAt !== undefined) return undefined;
  if (outcome.type === 'error') {
    const isLost = outcome.reason === 'session-closed' || outcome.reason === 'connection-lost';
    // What it comes back over may take less, and whoever pulls may be too slow for it.
    const isRefused = outcome.errorCode === TOO_LARGE_CODE || outcome.reason === 'slow-consumer';
    if (isLost || isRefused || operation.isCancelled) return undefined;
    return `${name} ended ${outcome.reason}, with a result on record`;
  }
  return sameBytes(lastBody(operation), recorded.body)
    ? undefined
    : `the result of ${name} is not the one on record`;
}

/** 3: a session waits as long as it says, while there is room for what waits in it. */
export function waitsItsWindow(fact: Fact): Finding {
  if (fact.kind !== 'expired' || fact.waitedMs >= fact.windowMs || fact.isOverfull) return undefined;
  return `${nameOf(fact.session)} expired after ${fact.waitedMs} of ${fact.windowMs} ms`;
}

/** 3: what is sent again is what was sent. */
export function replaysTheSame(fact: Fact): Finding {
  if (fact.kind !== 'replayed-differently') return undefined;
  return `result ${fact.number} of ${nameOf(fact.session)} was another when it was sent again`;
}

/** 3: a client with a good token, back in time, is not sent away. */
export function takesBack(fact: Fact): Finding {
  if (fact.kind !== 'sent-away') return undefined;
  return `${nameOf(fact.session)} was not taken up, though its token was good and nothing was missing`;
}
