import { isThenable } from '../../protocol/is-thenable';
import {
  catchError,
  defaultIfEmpty,
  defer,
  from,
  isObservable,
  map,
  of,
  take,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { describeValue } from '../../protocol/describe-value';
import { inTime } from '../../transport/time/in-time';
import { SessionErrorCode } from '../../wire/messages/session-open';
import { withQuietTeardown } from '../contained';
import type { Acceptance, PolicyVerdict, SessionOpenRequest, SessionPolicy } from './policy';

/** The policy's answer, judged. */
export type Decision =
  | { readonly kind: 'accepted'; readonly acceptance: Acceptance }
  | { readonly kind: 'refused'; readonly errorCode: number; readonly text: string }
  /** The policy has not said anything in its time, or has thrown as a client came back for its session. */
  | { readonly kind: 'later'; readonly why: 'policyLate' | 'policyFailed' };

export interface PolicyAsking {
  readonly policy: SessionPolicy;
  readonly scheduler: SchedulerLike;
  /** Milliseconds that the policy has, Infinity for no limit. */
  readonly timeoutMs: number;
  /** The policy has thrown, has said what is no verdict, or nothing at all; or its teardown has thrown. */
  failed(cause: unknown): void;
}

const AUTH_FAILED: Decision = { kind: 'refused', errorCode: SessionErrorCode.AuthFailed, text: '' };
const PLAINLY_ACCEPTED: Decision = { kind: 'accepted', acceptance: { verdict: 'accept' } };

/** Asks the policy: one decision, at once where it takes no time, whatever the policy does. */
export function askPolicy(request: SessionOpenRequest, asking: PolicyAsking): Observable<Decision> {
  const { policy, scheduler, timeoutMs } = asking;
  const failed = (cause: unknown): void => {
    asking.failed(cause);
  };
  const judge = (verdict: unknown): Decision => {
    try {
      return judgeVerdict(verdict);
    } catch (error) {
      failed(error);
      return AUTH_FAILED;
    }
  };
  const decision$ = defer(() => {
    const answer: unknown = policy(request);
    if (isObservable(answer) || isThenable(answer)) return withQuietTeardown(from(answer), failed);
    return of(answer);
  }).pipe(take(1), map(judge), defaultIfEmpty(AUTH_FAILED));
  const unanswered = (): Observable<Decision> => {
    failed(new Error(`it has not answered within ${timeoutMs} ms`));
    return of({ kind: 'later', why: 'policyLate' });
  };
  return decision$.pipe(
    inTime(scheduler, timeoutMs, unanswered),
    catchError((error: unknown) => {
      failed(error);
      // A database that is down for a moment ends no session that there is.
      return of<Decision>(
        request.resumes === undefined ? AUTH_FAILED : { kind: 'later', why: 'policyFailed' },
      );
    }),
  );
}

/** Throws a `TypeError` that names a value that is no verdict: a program without types gives any. */
function judgeVerdict(verdict: unknown): Decision {
  if (typeof verdict === 'boolean') return verdict ? PLAINLY_ACCEPTED : AUTH_FAILED;
  if (typeof verdict === 'number') return verdict === 0 ? PLAINLY_ACCEPTED : refused(verdict, '');
  const said = verdict as Exclude<PolicyVerdict, boolean | number> | null | undefined;
  if (said?.verdict === 'accept') return accepted(said);
  if (said?.verdict === 'refuse') return refused(said.code, said.text ?? '');
  throw noVerdict(describeValue(verdict));
}

function accepted({ context, owner, expiresAt }: Acceptance): Decision {
  if (owner !== undefined && typeof owner !== 'string') {
    throw noVerdict(`an owner that is ${describeValue(owner)} and no string`);
  }
  if (expiresAt !== undefined && (typeof expiresAt !== 'number' || Number.isNaN(expiresAt))) {
    throw noVerdict(
      `an expiresAt that is ${describeValue(expiresAt)} and neither a Date nor epoch milliseconds`,
    );
  }
  return { kind: 'accepted', acceptance: { verdict: 'accept', context, owner, expiresAt } };
}

function refused(code: number, text: string): Decision {
  const errorCode = isErrorCode(code) ? code : undefined;
  if (errorCode === undefined) throw noVerdict(`the code ${describeValue(code)}`);
  if (typeof text !== 'string') throw noVerdict(`a text that is ${describeValue(text)}`);
  return { kind: 'refused', errorCode, text };
}

function isErrorCode(code: unknown): code is number {
  return typeof code === 'number' && Number.isInteger(code) && code >= 1 && code <= 0xffffffff;
}

function noVerdict(what: string): TypeError {
  return new TypeError(
    `it answered with ${what}; a verdict is true, false, a code from 0 to 4294967295, accept(…) or refuse(…)`,
  );
}
