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

/** Milliseconds between two looks at whether all of a session is logged. */
const LOOK_MS = 20;

/**
 * Ends a session as its server closes; resolves when nothing of it needs this server any more. What its client waits for
 * is work in flight, also while the client is away: it is asked to end the session once it is back, and has been given
 * what it lacks. One that is logged needs no server to wait: see {@link leaveBehind}.
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
  const over = lastValueFrom(session.connectivity.state$, { defaultValue: undefined });
  session.isShutDown = true;
  let waiting = Subscription.EMPTY;
  const logged = new Promise<void>((resolve) => {
    session.own(
      onEach(session.connectivity.state$, () => {
        waiting.unsubscribe();
        const drainTimeoutMs = Math.max(0, until - scheduler.now());
        if (session.outlet.current !== undefined) void closeSession(session, { ...ending, drainTimeoutMs });
        else {
          waiting = awaitClient(session, drainTimeoutMs);
          waiting.add(onceLogged(session, resolve));
        }
      }),
    );
  });
  await Promise.race([over, logged]);
}

/** Ends a session here that goes on, where it is logged, at the node that its client comes to. */
export function leaveBehind(session: SessionCore): void {
  session.outlet.log?.letGo();
  session.end('closed', 'closed');
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
    waiting.add(scheduleIn(server.scheduler, timeoutMs, () => leaveBehind(session)));
  }
  session.own(waiting);
  return waiting;
}

/** Does something once no operation runs, and all that there is of the session is logged. */
function onceLogged(session: SessionCore, then: () => void): Subscription {
  const { outlet, operations, server } = session;
  const looking = new Subscription();
  const look = (): void => {
    if (operations.isIdle && outlet.log?.isInStep === true) then();
    else lookLater();
  };
  const lookLater = (): void => {
    const next = scheduleIn(server.scheduler, LOOK_MS, () => {
      looking.remove(next);
      look();
    });
    looking.add(next);
  };
  if (outlet.log !== undefined) {
    outlet.log.confirm();
    look();
  }
  return looking;
}
