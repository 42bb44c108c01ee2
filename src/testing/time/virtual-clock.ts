import type { SchedulerLike, Subscription } from 'rxjs';

/** The parts of the global object that tell and wait for time. */
const PATCHED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;

type Handler = (...args: readonly unknown[]) => void;

/** What virtual `setTimeout` and `setInterval` return; Node's callers expect these methods. */
class VirtualTimer {
  private subscription: Subscription;

  constructor(private readonly start: () => Subscription) {
    this.subscription = start();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    this.close();
    this.subscription = this.start();
    return this;
  }

  close(): this {
    this.subscription.unsubscribe();
    return this;
  }
}

/**
 * Puts a scheduler's time in the place of the clock and the timers of this process, so that whatever
 * waits by them (RxJS's schedulers, a model that sleeps between tokens) waits in virtual time. Returns
 * what puts the old ones back.
 */
export function installClock(scheduler: SchedulerLike): () => void {
  const real = PATCHED.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  const realNow = Date.now;
  const realPerformanceNow = Object.getOwnPropertyDescriptor(performance, 'now');
  const clear = (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.close();
  };
  const virtual: Record<(typeof PATCHED)[number], unknown> = {
    setTimeout: (handler: Handler, delay?: unknown, ...args: readonly unknown[]) =>
      new VirtualTimer(() => scheduler.schedule(() => handler(...args), milliseconds(delay))),
    setInterval: (handler: Handler, delay?: unknown, ...args: readonly unknown[]) =>
      new VirtualTimer(() => {
        const ms = milliseconds(delay);
        return scheduler.schedule(function () {
          // First: a handler may clear its own interval. Never without a delay, or time would stand still.
          this.schedule(undefined, Math.max(1, ms));
          handler(...args);
        }, ms);
      }),
    clearTimeout: clear,
    clearInterval: clear,
  };
  for (const name of PATCHED) {
    Object.defineProperty(globalThis, name, { value: virtual[name], configurable: true, writable: true });
  }
  const now = (): number => scheduler.now();
  Date.now = now;
  Object.defineProperty(performance, 'now', { value: now, configurable: true, writable: true });
  return () => {
    for (const [name, descriptor] of real) {
      if (descriptor !== undefined) Object.defineProperty(globalThis, name, descriptor);
    }
    Date.now = realNow;
    // Usually it is inherited.
    if (realPerformanceNow === undefined) Reflect.deleteProperty(performance, 'now');
    else Object.defineProperty(performance, 'now', realPerformanceNow);
  };
}

function milliseconds(delay: unknown): number {
  const ms = Number(delay ?? 0);
  return ms > 0 ? ms : 0;
}
