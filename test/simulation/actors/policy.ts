import { delay, of, type SchedulerLike, type TimestampProvider } from 'rxjs';
import { accept, refuse, type PolicyVerdict, type SessionPolicy } from '../../../src/server/opening/policy';
import { SessionErrorCode } from '../../../src/wire/messages/session-open';
import type { Ledger } from '../ledger';
import { within } from '../network/conditions';
import type { Random } from '../random';
import type { Scenario } from '../scenario';

export interface PolicySurroundings {
  readonly scenario: Scenario;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly scheduler: SchedulerLike;
  readonly wallClock: TimestampProvider;
}

/** What the server's policy says of a client that opens a session, or comes back to one. */
export function policyOf(surroundings: PolicySurroundings): SessionPolicy {
  const { scenario, ledger, random, scheduler, wallClock } = surroundings;
  const { policyMs, refuseChance, brokenChance, hasOwners, lifeMs } = scenario.policy;
  return ({ open, auth, resumes }) => {
    const what = resumes === undefined ? 'open' : 'resume';
    if (random.chance(brokenChance)) {
      ledger.count('policy: broken');
      return brokenVerdict(random);
    }
    let verdict: PolicyVerdict = accept();
    if (random.chance(refuseChance)) {
      ledger.count(`policy: ${what} refused`);
      verdict = random.pick([false, SessionErrorCode.AuthFailed, refuse('auth-failed', 'not today')]);
    } else if (hasOwners || lifeMs !== undefined) {
      const owner = hasOwners ? new TextDecoder().decode(auth) : undefined;
      const record = resumes === undefined ? undefined : ledger.sessionsByTag.get(open.clientSessionTag);
      let expiresAt = record?.expiresAt;
      // Whatever it was told first, until that is over: to come back sooner makes a session no older.
      if (lifeMs !== undefined) {
        const now = wallClock.now();
        const isRenewed =
          record?.isReconnecting === true && now >= (expiresAt ?? Infinity) && random.chance(0.7);
        if (isRenewed) ledger.count('policy: more time');
        if (isRenewed || expiresAt === undefined) expiresAt = now + within(random, lifeMs);
        if (record !== undefined) record.expiresAt = expiresAt;
      }
      // Of a new session: whatever the policy says of another that is opened meanwhile.
      verdict = accept(expiresAt, {
        ...(owner !== undefined && { owner }),
        ...(expiresAt !== undefined && { expiresAt }),
      });
    }
    return policyMs === undefined ? verdict : of(verdict).pipe(delay(within(random, policyMs), scheduler));
  };
}

/** What no type allows, and what throws. */
function brokenVerdict(random: Random): PolicyVerdict | PromiseLike<PolicyVerdict> {
  switch (random.int(0, 3)) {
    case 0:
      throw new Error('the policy failed');
    case 1:
      return Promise.reject(new Error('the policy failed, later'));
    case 2:
      return random.pick<unknown>([undefined, null, NaN, -1, 2 ** 32, 'ok', {}]) as PolicyVerdict;
    default:
      return Promise.resolve(random.pick<unknown>([undefined, 0.5, 'ok']) as PolicyVerdict);
  }
}
