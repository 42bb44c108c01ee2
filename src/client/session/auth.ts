import { Subscription, type SchedulerLike } from 'rxjs';
import { describeKind } from '../../protocol/describe-value';
import { isThenable } from '../../protocol/is-thenable';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import { scheduleIn } from '../../transport/time/schedule-in';
import { EMPTY } from '../../wire/packet';
import type { SessionOptions } from '../options';

/** Gives what a session is opened with. */
type AskForAuth = Extract<SessionOptions['auth'], (...given: never[]) => unknown>;

/** Milliseconds that a function may take. */
const AUTH_TIMEOUT_MS = 10_000;

/**
 * What the sessions of a client show the server's policy. A function is asked at each attempt to open or to resume, and
 * once at a time: sessions that come back together share what it gives.
 */
export class AuthSource {
  private readonly asked = new Map<AskForAuth, Promise<Uint8Array>>();

  constructor(private readonly scheduler: SchedulerLike) {}

  /**
   * At once where nobody is to be asked, or who is asked answers at once. Rejects with a `RuntimeError` where a function
   * fails, gives neither bytes nor text, or takes longer than 10 s.
   */
  of(auth: SessionOptions['auth']): Uint8Array | Promise<Uint8Array> {
    if (typeof auth !== 'function') return bytesOf(auth ?? EMPTY);
    const others = this.asked.get(auth);
    if (others !== undefined) return others;
    const asked = this.ask(auth);
    if (asked instanceof Uint8Array) return asked;
    const done = (): void => {
      this.asked.delete(auth);
    };
    this.asked.set(auth, asked);
    asked.then(done, done);
    return asked;
  }

  private ask(auth: AskForAuth): Uint8Array | Promise<Uint8Array> {
    try {
      const given: unknown = auth();
      return isThenable(given) ? this.inTime(given) : takeGiven(given);
    } catch (error) {
      return Promise.reject(noAuth(error));
    }
  }

  private inTime(given: PromiseLike<unknown>): Promise<Uint8Array> {
    let limit = Subscription.EMPTY;
    const tooLate = new Promise<never>((_, reject) => {
      limit = scheduleIn(this.scheduler, AUTH_TIMEOUT_MS, () => {
        reject(new Error(`nothing within ${AUTH_TIMEOUT_MS} ms`));
      });
    });
    return Promise.race([given, tooLate])
      .then(takeGiven)
      .catch((error: unknown) => {
        throw noAuth(error);
      })
      .finally(() => {
        limit.unsubscribe();
      });
  }
}

function takeGiven(given: unknown): Uint8Array {
  if (typeof given === 'string' || given instanceof Uint8Array) return bytesOf(given);
  throw new TypeError(`a Uint8Array or a string is wanted, got ${describeKind(given)}`);
}

function bytesOf(auth: Uint8Array | string): Uint8Array {
  return typeof auth === 'string' ? new TextEncoder().encode(auth) : auth;
}

function noAuth(cause: unknown): RuntimeError {
  return new RuntimeError(
    'io',
    `the function \`auth\` gave nothing to open a session with: ${describeError(cause)}`,
    {
      reach: 'session',
      origin: 'application',
      cause,
    },
  );
}
