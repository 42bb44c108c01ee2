import { filter, lastValueFrom, Subscription } from 'rxjs';
import { onEach } from '../../transport/on-each';
import { scheduleIn } from '../../transport/time/schedule-in';
import { InFlightPolicy } from '../../wire/messages/session-close';
import { closeSession } from './messages/close';
import type { SessionCore } from './session-core';
import type { SessionEnding } from './session-terms';

/** Whether a client that is away, or comes to be, may still want something of the session. */
export function isAwaited({ isResumable, operations, outlet }: SessionCore): boolean {
  return isResumable && (!operations.isIdle || outlet.heldResults > 0);
}

/**
 * Ends a session as its server closes; resolves when it is over. What its client waits for is work in flight, also
 * while the client is away: it is asked to end the session once it is back, and has been given what it lacks.
 *
 *           connection lost           nothing is there for it, or time over
 *   asked ──────────────────▶ awaited ─────────────────────────────────────▶ over
 *     ▲                          │
 *     └───────── resume ─────────┘
 */
export async function shutDown(session: SessionCore, ending: SessionEnding): Promise<void> {
  if (ending.inFlightPolicy === InFlightPolicy.Abort) return closeSession(session, ending);
  const { scheduler } = session.server;
  const until = scheduler.now() + ending.drainTimeoutMs;
  const over = lastValueFrom(session.connectivity, { defaultValue: undefined });
  session.isShutDown = true;
  let waiting = Subscription.EMPTY;
  session.own(
    onEach(session.connectivity, () => {
      waiting.unsubscribe();
      const drainTimeoutMs = Math.max(0, until - scheduler.now());
      if (session.outlet.current === undefined) waiting = awaitClient(session, drainTimeoutMs);
      else void closeSession(session, { ...ending, drainTimeoutMs });
    }),
  );
  await over;
}

/** Ends a session whose client is away: in so many milliseconds, or as soon as nothing is there for the client. */
function awaitClient(session: SessionCore, timeoutMs: number): Subscription {
  const { operations, server } = session;
  const end = (): void => {
    session.end('closed', 'closed');
  };
  // What has not started by now never will.
  operations.endQueued('closed');
  const waiting = new Subscription();
  if (!isAwaited(session)) end();
  else {
    const isLost$ = operations.whenIdle().pipe(filter(() => !isAwaited(session)));
    waiting.add(onEach(isLost$, end));
    waiting.add(scheduleIn(server.scheduler, timeoutMs, end));
  }
  session.own(waiting);
  return waiting;
}
