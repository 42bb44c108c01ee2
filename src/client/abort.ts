import { Observable, Subscription } from 'rxjs';

/** The listeners of each signal. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Acts when a signal aborts, until it is unsubscribed from; at once where it has. However many wait, a signal has one
 * listener: Node warns of more than ten.
 */
export function onAbort(signal: AbortSignal, act: () => void): Subscription {
  if (signal.aborted) {
    act();
    return Subscription.EMPTY;
  }
  // Of its own: two may wait with the same function.
  const wake = (): void => {
    act();
  };
  const all = waiting.get(signal) ?? beginWaiting(signal);
  all.add(wake);
  return new Subscription(() => {
    all.delete(wake);
    if (all.size === 0 && waiting.get(signal) === all) stopWaiting(signal);
  });
}

/** Emits once when a signal aborts. */
export function aborted$(signal: AbortSignal): Observable<void> {
  return new Observable((subscriber) =>
    onAbort(signal, () => {
      subscriber.next();
      subscriber.complete();
    }),
  );
}

/** Why a signal has aborted: its owner's, and mostly an error. Old platforms and polyfills keep none. */
export function reasonOf(signal: AbortSignal): Error {
  const reason = signal.reason as Error | undefined;
  return reason === undefined ? new DOMException('the signal has aborted', 'AbortError') : reason;
}

/** Throws a signal's reason where it has aborted. Not the signal's own method: those that have no reason lack it. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw reasonOf(signal);
}

/** The outcome of some work, or a rejection with a signal's reason where that aborts first; the work goes on then. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  let watching = Subscription.EMPTY;
  const aborted = new Promise<never>((_, reject) => {
    watching = onAbort(signal, () => {
      reject(reasonOf(signal));
    });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    watching.unsubscribe();
  }
}

function beginWaiting(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>();
  waiting.set(signal, all);
  signal.addEventListener('abort', wakeAll);
  return all;
}

function stopWaiting(signal: AbortSignal): void {
  waiting.delete(signal);
  signal.removeEventListener('abort', wakeAll);
}

function wakeAll({ target }: Event): void {
  const signal = target as AbortSignal;
  const all = waiting.get(signal) ?? [];
  stopWaiting(signal);
  // Whoever an earlier one unsubscribes is not in it any more when its turn comes.
  for (const wake of all) wake();
}
