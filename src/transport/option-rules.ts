import { isObservable, type SchedulerLike, type TimestampProvider } from 'rxjs';
import { ignoreRejection } from '../protocol/ignore-rejection';
import { like, limit, milliseconds, rule, text, type Rule } from '../protocol/options/rules';
import type { Rules } from '../protocol/options/take-options';
import type { ConnectEndpoint, Listener, ListenEndpoint } from './endpoint';
import type { KeepAlive } from './keep-alive';
import type { PressureMarks } from './send-pressure';
import type { Transport } from './transport';

export const KEEP_ALIVE_RULES: Rules<KeepAlive> = {
  idleMs: milliseconds,
  timeoutMs: rule('1 ms or more, or Infinity', (value) => typeof value === 'number' && value >= 1, 'number'),
};

export const PRESSURE_RULES: Rules<PressureMarks> = { highWaterMark: limit, lowWaterMark: limit };

export const transportKind = text;

export const scheduler: Rule<SchedulerLike> = like<SchedulerLike>('a scheduler of RxJS', {
  schedule: 'function',
  now: 'function',
});

/** One that fails tells the date of the system. */
export const wallClock: Rule<TimestampProvider> = {
  ...like<TimestampProvider>('an object whose now() tells the date in milliseconds', { now: 'function' }),
  take: (value) => {
    const clock = value as TimestampProvider;
    return { now: () => dateOf(clock) ?? Date.now() };
  },
};

export const listenEndpoint: Rule<ListenEndpoint> = like<ListenEndpoint>(
  'an endpoint to listen on, tcp({ port }) say',
  {
    kind: 'string',
    listen: 'function',
  },
);

export const connectEndpoint: Rule<ConnectEndpoint> = like<ConnectEndpoint>(
  'an endpoint to connect to, tcp({ port }) say',
  {
    kind: 'string',
    connect: 'function',
  },
);

export const listener: Rule<Listener> = rule(
  'a Listener',
  (value) => isObservable(value) && isObservable((value as Partial<Listener>).address$),
);

/** What an endpoint of somebody else's has connected, or a listener has accepted. */
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
