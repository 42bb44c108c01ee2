import type { ClientUsage } from '../../client/usage';
import type { ServerUsage } from '../../server/usage';
import type { Transport } from '../../transport/transport';
import { FlowError } from './flow-error';

/** Who can be asked what it still holds. */
export type Quiescible =
  /** A server. */
  | { readonly usage: ServerUsage }
  /** A client. */
  | { readonly usage: ClientUsage }
  | Transport
  /** A subject, which nobody may be subscribed to any more. */
  | { readonly observed: boolean }
  /** A `cold` or `hot` stream of RxJS's tests. */
  | { readonly subscriptions: readonly SubscriptionRecord[] };

interface SubscriptionRecord {
  readonly subscribedFrame: number;
  /** Infinity while somebody is subscribed. */
  readonly unsubscribedFrame: number;
}

/**
 * Fails where something is left of the work done: operations in flight or queued, submits that wait, acks
 * that are awaited, results that are kept, bytes that nobody took, subscriptions. Idle sessions and
 * connections may stay. For tests outside a flow; a flow has one of its own, which knows of timers and
 * credit too.
 *
 * @example
 * await client.close();
 * expectQuiescent(server, client);
 */
export function expectQuiescent(...things: readonly Quiescible[]): void {
  const left = things.flatMap(leftovers);
  if (left.length > 0) throw new FlowError(notQuiescent(left));
}

export function notQuiescent(left: readonly string[]): string {
  return ['not everything has come to rest', ...left.map((line) => `  ${line}`)].join('\n');
}

/** What something still holds, a line each. */
export function leftovers(thing: Quiescible): readonly string[] {
  if ('usage' in thing) return 'links' in thing.usage ? ofClient(thing.usage) : ofServer(thing.usage);
  if ('queuedBytes' in thing) {
    return counted(`the transport to ${thing.peer}`, [
      [thing.queuedBytes, 'bytes that its peer has not taken'],
    ]);
  }
  if (!('subscriptions' in thing)) return thing.observed ? ['a subject still has subscribers'] : [];
  return thing.subscriptions
    .filter(({ unsubscribedFrame }) => unsubscribedFrame === Infinity)
    .map(({ subscribedFrame }) => `a stream of the test is subscribed to since frame ${subscribedFrame}`);
}

function ofServer(usage: ServerUsage): readonly string[] {
  return counted('the server', [
    [usage.operationsInFlight, 'operations with the application'],
    [usage.slotsKept, 'slots of operations that have ended'],
    [usage.operationsQueued, 'operations in its queue'],
    [usage.outboxResults, `results whose receipt is not proved (${usage.outboxBytes} bytes)`],
    [usage.heldBytes, 'bytes of operations that are held'],
    [usage.queuedBytes, 'bytes that no peer has taken'],
  ]);
}

function ofClient(usage: ClientUsage): readonly string[] {
  return counted('the client', [
    [usage.operationsInFlight, 'operations in flight'],
    [usage.operationsWaiting, 'submits that wait for credit or a connection'],
    [usage.acksAwaited, 'requests without their ack'],
    [usage.bufferedBytes, 'bytes of results that nobody has pulled'],
    [usage.queuedBytes, 'bytes that the server has not taken'],
  ]);
}

function counted(
  who: string,
  counts: readonly (readonly [count: number, what: string])[],
): readonly string[] {
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${who} still has ${what}: ${count}`);
}
