import type { Observable, Subscription } from 'rxjs';

/** Acts on what one part of an end tells another. Such a stream never errors; one that did is reported as unhandled. */
export function onEach<T>(told$: Observable<T>, act: (told: T) => void): Subscription {
  return told$.subscribe({
    next: act,
    error: (error: unknown) => {
      throw error;
    },
  });
}
