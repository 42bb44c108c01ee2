import { isObservable, type SchedulerLike, type TimestampProvider } from 'rxjs';
import { ignoreRejection } from '../protocol/ignore-rejection';
import { like, limit, milliseconds, rule, text, type Rule } from '../protocol/options/rules';
import { optionsOf, partly } from '../protocol/options/take-options';
import type { ConnectEndpoint, Listener, ListenEndpoint } from './endpoint';
import { DEFAULT_KEEP_ALIVE, type KeepAlive } from './liveness/keep-alive';
import type { PressureMarks } from './outgoing/send-pressure';
import { schedulerOf } from './time/foreign-scheduler';
import type { Transport } from './transport';

const keepAliveTimes: Rule<Partial<KeepAlive>> = optionsOf(
  partly<KeepAlive>({ idleMs: milliseconds, timeoutMs: milliseconds }),
);

/** Who is asked has time to answer. */
export const keepAlive: Rule<Partial<KeepAlive>> = {
  ...keepAliveTimes,
  take: (value, name) => {
    const taken = keepAliveTimes.take(value, name);
    const { idleMs, timeoutMs } = { ...DEFAULT_KEEP_ALIVE, ...taken };
    if (idleMs > 0 && timeoutMs < 1) {
      throw new RangeError(`${name}.timeoutMs must be 1 ms or more where idleMs is not 0, got ${timeoutMs}`);
    }
    return taken;
  },
};

export const pressure: Rule<Partial<PressureMarks>> = optionsOf(
  partly<PressureMarks>({ highWaterMark: limit, lowWaterMark: limit }),
);

export const transportKind = text;

export const scheduler: Rule<SchedulerLike> = {
  ...like<SchedulerLike>('a scheduler of RxJS', { schedule: 'function', now: 'function' }),
  take: (value) => schedulerOf(value as SchedulerLike),
};

/** One that fails tells the date of the system. */
export const wallClock: Rule<TimestampProvider> = {
  ...like<TimestampProvider>('an object whose now() tells the date in milliseconds', { now: 'function' }),
  take: (value) => {
    const clock = value as TimestampProvider;
    return { now: () => dateOf(clock) ?? Date.now() };
  },
};

export const listenEndpoint: Rule<ListenEndpoint> = like<ListenEndpoint>(
  'an endpoint to listen on, as tcp({ port }) is',
  {
    kind: 'string',
    listen: 'function',
  },
);

export const connectEndpoint: Rule<ConnectEndpoint> = like<ConnectEndpoint>(
  'one to connect to, as tcp({ port }) is',
  {
    kind: 'string',
    connect: 'function',
  },
);

export const listener: Rule<Listener> = rule(
  'a Listener',
  (value) => isObservable(value) && isObservable((value as Partial<Listener>).address$),
);

/** A transport that somebody else's endpoint has connected, or listener accepted. */
export const transport: Rule<Transport> = like<Transport>('a Transport', {
  send: 'function',
  close: 'function',
  destroy: 'function',
});

function dateOf(clock: TimestampProvider): number | undefined {
  try {
    const now: unknown = clock.now();
    ignoreRejection(now);
    return typeof now === 'number' && Number.isFinite(now) ? now : undefined;
  } catch {
    return undefined;
  }
}
