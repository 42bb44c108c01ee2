import fc from 'fast-check';
import { BehaviorSubject, EMPTY, NEVER, of, Subject, throwError } from 'rxjs';
import { askPolicy, type Decision } from '../../../src/server/opening/ask-policy';
import {
  accept,
  refuse,
  type RefusalReason,
  type SessionOpenRequest,
  type SessionPolicy,
} from '../../../src/server/opening/policy';
import { SessionErrorCode, SessionOpenMetadata } from '../../../src/wire/messages/session-open';
import { settled } from '../../support/async';
import { VirtualTime } from '../../support/virtual-time';

const request = { open: SessionOpenMetadata.of({}) } as SessionOpenRequest;
const ACCEPTED = { kind: 'accepted', acceptance: { verdict: 'accept' } };
const AUTH_FAILED = { kind: 'refused', errorCode: SessionErrorCode.AuthFailed, text: '' };

/** What came of a policy, and what it failed at. */
interface Asked {
  readonly decisions: readonly Decision[];
  readonly failures: readonly unknown[];
  readonly time: VirtualTime;
  stop(): void;
}

function start(policy: unknown, timeoutMs = 5000, asks: SessionOpenRequest = request): Asked {
  const decisions: Decision[] = [];
  const failures: unknown[] = [];
  const time = new VirtualTime();
  const asking = askPolicy(asks, {
    policy: policy as SessionPolicy,
    scheduler: time,
    timeoutMs,
    failed: (cause) => failures.push(cause),
  }).subscribe((decision) => decisions.push(decision));
  return {
    decisions,
    failures,
    time,
    stop: () => {
      asking.unsubscribe();
    },
  };
}

async function ask(policy: unknown, asks?: SessionOpenRequest): Promise<Asked> {
  const asked = start(policy, undefined, asks);
  await settled();
  return asked;
}

describe('a verdict', () => {
  it.each<[string, unknown, unknown]>([
    ['true', true, ACCEPTED],
    ['the code of nothing', SessionErrorCode.None, ACCEPTED],
    ['false', false, AUTH_FAILED],
    ['a code', 77, { kind: 'refused', errorCode: 77, text: '' }],
    ['the largest code', 0xffffffff, { kind: 'refused', errorCode: 0xffffffff, text: '' }],
    ['accept()', accept(), ACCEPTED],
    [
      'accept() with all that it takes',
      accept({ user: 7 }, { owner: 'ada', expiresAt: new Date(99) }),
      { kind: 'accepted', acceptance: { context: { user: 7 }, owner: 'ada', expiresAt: 99 } },
    ],
    ['accept() until an instant', accept(1, { expiresAt: 5 }), { acceptance: { context: 1, expiresAt: 5 } }],
    ['refuse() by name', refuse('auth-failed'), AUTH_FAILED],
    ['refuse() with a text', refuse('auth-failed', 'expired'), { ...AUTH_FAILED, text: 'expired' }],
    ['refuse() with a code', refuse(0xc0ffee, 'no'), { kind: 'refused', errorCode: 0xc0ffee, text: 'no' }],
  ])('%s is one, at once, by a promise and by an Observable', async (_, verdict, decision) => {
    for (const policy of [() => verdict, async () => verdict, () => of(verdict)]) {
      const { decisions, failures } = await ask(policy);
      expect(decisions).toMatchObject([decision]);
      expect(failures).toEqual([]);
    }
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a code below 0', -1, 'the code -1'],
    ['half a code', 1.5, 'the code 1.5'],
    ['no number', NaN, 'the code NaN'],
    ['a code too large', 2 ** 32, 'the code 4294967296'],
    ['a text', 'ok', '"ok"'],
    ['another object', { ok: true }, 'an object with ok'],
    ['a list', [0], 'a list of 1'],
    ['a bigint', 0n, '0n'],
    ['a symbol', Symbol('no'), 'Symbol(no)'],
    ['a function', () => true, 'a function'],
    ['refuse(0)', refuse(0), 'the code 0'],
    ['an owner that is no string', { verdict: 'accept', owner: 5 }, 'an owner that is 5'],
    ['a date that is none', accept(1, { expiresAt: new Date('never') }), 'an expiresAt that is NaN'],
    ['a text that is none', refuse(1, 5 as unknown as string), 'a text that is 5'],
    [
      'an object that answers nothing',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('ask somebody else');
          },
        },
      ),
      'ask somebody else',
    ],
  ])('%s is none: the policy has failed', async (_, verdict, words) => {
    for (const policy of [() => verdict, async () => verdict, () => of(verdict)]) {
      const { decisions, failures } = await ask(policy);
      expect(decisions).toEqual([AUTH_FAILED]);
      expect(failures).toHaveLength(1);
    }
    const { failures } = await ask(() => verdict);
    expect((failures[0] as Error).message).toContain(words);
  });

  it('is a decision, and one only, whatever a policy gives', async () => {
    const anything = fc.oneof(fc.anything({ withBigInt: true, withDate: true, withMap: true }), fc.double());
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        for (const policy of [() => value, async () => value, () => of(value)]) {
          const { decisions, failures } = await ask(policy);
          expect(decisions).toHaveLength(1);
          expect(failures.length).toBeLessThanOrEqual(1);
        }
        const thrown = await ask(() => {
          throw value;
        });
        expect(thrown.decisions).toEqual([AUTH_FAILED]);
        expect(thrown.failures).toEqual([value]);
      }),
    );
  });

  it('names no reason that the protocol does not have', () => {
    expect(() => refuse('auth_failed' as RefusalReason)).toThrow(
      new TypeError(
        'a session is refused with a code or one of auth-failed, profile-unsupported, schema-unsupported, priority-rejected, lease-policy-rejected, resume-rejected, session-limit-reached, not "auth_failed"',
      ),
    );
    expect(() => refuse('toString' as RefusalReason)).toThrow(TypeError);
  });
});

describe('asking the policy', () => {
  it('takes no time where the policy takes none', () => {
    expect(start(() => 0).decisions).toEqual([ACCEPTED]);
  });

  it('takes the first of what an Observable says, also of one that goes on', async () => {
    expect((await ask(() => of(77, 78))).decisions).toMatchObject([{ errorCode: 77 }]);
    expect((await ask(() => new BehaviorSubject(77))).decisions).toMatchObject([{ errorCode: 77 }]);
  });

  it('refuses where the policy ends without a word', async () => {
    const { decisions, failures } = await ask(() => EMPTY);
    expect(decisions).toEqual([AUTH_FAILED]);
    expect(failures).toEqual([]);
  });

  const down = new Error('the database is down');

  describe.each([
    [
      'throws',
      () => {
        throw down;
      },
    ],
    ['rejects', () => Promise.reject(down)],
    ['errors', () => throwError(() => down)],
  ])('where the policy %s', (_, policy) => {
    it('refuses a new session', async () => {
      const { decisions, failures } = await ask(policy);
      expect(decisions).toEqual([AUTH_FAILED]);
      expect(failures).toEqual([down]);
    });

    it('has a client that comes back for its session come later', async () => {
      const { decisions, failures } = await ask(policy, { ...request, resumes: 7 });
      expect(decisions).toEqual([{ kind: 'later', why: 'policyFailed' }]);
      expect(failures).toEqual([down]);
    });
  });

  it('refuses a client that comes back where the policy says what is no verdict', async () => {
    const { decisions, failures } = await ask(() => 'yes', { ...request, resumes: 7 });
    expect(decisions).toEqual([AUTH_FAILED]);
    expect(failures).toHaveLength(1);
  });

  it('waits no longer than it may, and leaves the policy in peace then', () => {
    const verdict$ = new Subject<number>();
    const { decisions, failures, time } = start(() => verdict$, 5000);
    time.advance(4999);
    expect(decisions).toEqual([]);
    time.advance(1);
    expect(decisions).toEqual([{ kind: 'later', why: 'policyLate' }]);
    expect(failures).toEqual([new Error('it has not answered within 5000 ms')]);
    expect(verdict$.observed).toBe(false);
    expect(time.pendingCount).toBe(0);
  });

  it('waits for ever where it may', () => {
    const { decisions, time } = start(() => NEVER, Infinity);
    expect(time.pendingCount).toBe(0);
    expect(decisions).toEqual([]);
  });

  it('is over once nobody wants to know', () => {
    const verdict$ = new Subject<number>();
    const asked = start(() => verdict$);
    expect(verdict$.observed).toBe(true);
    asked.stop();
    expect(verdict$.observed).toBe(false);
    expect(asked.time.pendingCount).toBe(0);
  });

  it('begins when somebody listens, with what the client said', () => {
    const seen: SessionOpenRequest[] = [];
    const asking$ = askPolicy(request, {
      policy: (asked) => {
        seen.push(asked);
        return true;
      },
      scheduler: new VirtualTime(),
      timeoutMs: 5000,
      failed: (cause) => {
        throw cause;
      },
    });
    expect(seen).toEqual([]);
    asking$.subscribe();
    expect(seen).toEqual([request]);
  });
});
