import { Observable, Subscription } from 'rxjs';

/** Who waits for each signal. */
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
  const others = waiting.get(signal);
  if (others === undefined) waitFor(signal, wake);
  else others.add(wake);
  return new Subscription(() => {
    const all = waiting.get(signal);
    if (all?.delete(wake) === true && all.size === 0) stopWaiting(signal);
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

/** What some work gives, or a rejection with a signal's reason where that aborts first; the work goes on then. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  let watching = Subscription.EMPTY;
  const aborted = new Promise<never>((_, reject) => {
    watching = onAbort(signal, () => {
      // The reason is its owner's, and may be anything.
      reject(signal.reason as Error);
    });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    watching.unsubscribe();
  }
}

function waitFor(signal: AbortSignal, first: () => void): void {
  waiting.set(signal, new Set([first]));
  signal.addEventListener('abort', wakeAll);
}

function stopWaiting(signal: AbortSignal): void {
  waiting.delete(signal);
  signal.removeEventListener('abort', wakeAll);
}

function wakeAll({ target }: Event): void {
  const signal = target as AbortSignal;
  const all = waiting.get(signal) ?? [];
  stopWaiting(signal);
  for (const wake of all) wake();
}
