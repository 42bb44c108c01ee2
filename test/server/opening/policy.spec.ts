import { EMPTY, NEVER, of, Subject, throwError } from 'rxjs';
import { SessionRejectedError } from '../../../src/client/errors';
import type { ServerOptions } from '../../../src/server/options';
import { accept, type SessionPolicy } from '../../../src/server/opening/policy';
import { SessionErrorCode, SessionStatus } from '../../../src/wire/messages/session-open';
import { settled } from '../../support/async';
import { text } from '../../support/packets';
import { endServed, Served, told } from '../../support/served';

function serve(options?: Partial<ServerOptions>): Served {
  return new Served(options);
}

afterEach(endServed);

describe('accept', () => {
  it.each<[object, Error]>([
    [{ user: 'ann' }, new TypeError('accept has no option "user"; it takes owner, expiresAt')],
    [{ ownr: 'ann' }, new TypeError('accept has no option "ownr"; did you mean owner?')],
    [{ owner: 5 }, new TypeError('owner must be a string, got 5')],
    [{ expiresAt: '1h' }, new TypeError('expiresAt must be a Date or milliseconds since 1970, got "1h"')],
    [{ expiresAt: NaN }, new RangeError('expiresAt must be a Date or milliseconds since 1970, got NaN')],
  ])('names what is wrong with %p, which would let others have the session', (options, error) => {
    expect(() => accept(undefined, options)).toThrow(error);
  });
});

describe('the policy', () => {
  it.each<[string, SessionPolicy]>([
    ['at once', () => SessionErrorCode.None],
    ['by a promise', () => Promise.resolve(SessionErrorCode.None)],
    ['by an Observable', () => of(SessionErrorCode.None)],
  ])('accepts %s', async (_, policy) => {
    const served = serve({ policy });
    expect((await served.open({ requestedSessionId: 7 })).sessionId).toBe(7);
    expect(served.failures).toEqual([]);
  });

  it('sees who asks for what', async () => {
    const policy = jest.fn<ReturnType<SessionPolicy>, Parameters<SessionPolicy>>(() => 0);
    const served = serve({ policy });
    await served.open({ requestedSessionId: 5, auth: text('secret') });
    expect(policy).toHaveBeenCalledTimes(1);
    expect(policy.mock.calls[0]?.[0]).toMatchObject({
      open: { requestedSessionId: 5 },
      auth: text('secret'),
      peer: 'memory#1',
      transport: 'memory',
    });
  });

  it.each<[string, SessionPolicy, number]>([
    ['with a code', () => SessionErrorCode.LeasePolicyRejected, SessionErrorCode.LeasePolicyRejected],
    ['with a code of its own', () => Promise.resolve(0xc0ffee), 0xc0ffee],
    ['without a word', () => EMPTY, SessionErrorCode.AuthFailed],
  ])('refuses %s', async (_, policy, errorCode) => {
    const served = serve({ policy });
    await expect(served.open()).rejects.toThrow(new SessionRejectedError(SessionStatus.Rejected, errorCode));
    expect(served.failures).toEqual([]);
    expect(served.server.sessionCount).toBe(0);
  });

  it.each<[string, SessionPolicy]>([
    [
      'throws',
      () => {
        throw new Error('the database is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the database is down'))],
    ['errors', () => throwError(() => new Error('the database is down'))],
  ])('that %s refuses, and is reported', async (_, policy) => {
    const served = serve({ policy });
    await expect(served.open({ requestedSessionId: 3 })).rejects.toMatchObject({
      errorCode: SessionErrorCode.AuthFailed,
    });
    expect(served.failures).toMatchObject([
      {
        kind: 'internal',
        reach: 'session',
        origin: 'application',
        message: expect.stringMatching(
          /^the policy failed for a SESSION_OPEN of session 3 from memory#\d+: the database is down$/,
        ) as string,
      },
    ]);
  });

  it('that says nothing of use refuses, and is reported', async () => {
    const served = serve({ policy: (() => undefined) as unknown as SessionPolicy });
    await expect(served.open()).rejects.toMatchObject({ errorCode: SessionErrorCode.AuthFailed });
    expect(served.failures).toMatchObject([{ kind: 'internal', reach: 'session', origin: 'application' }]);
    // No session is named where the client leaves its id to the server.
    expect(served.failures[0]?.message).toMatch(/^the policy failed for a SESSION_OPEN from memory#\d+: it /);
  });

  it('may take its time: others are served meanwhile', async () => {
    const verdicts = new Map([1, 2].map((id) => [id, new Subject<number>()]));
    const served = serve({ policy: ({ open }) => verdicts.get(open.requestedSessionId) ?? 0 });
    const slow = served.open({ requestedSessionId: 1 });
    expect((await served.open({ requestedSessionId: 9 })).sessionId).toBe(9);
    verdicts.get(1)?.next(0);
    expect((await slow).sessionId).toBe(1);
    expect(verdicts.get(1)?.observed).toBe(false);
  });

  it('that comes too late, for a connection that is gone, opens nothing and is asked no more', async () => {
    const verdict$ = new Subject<number>();
    const served = serve({ policy: () => verdict$ });
    const opening = expect(served.open()).rejects.toMatchObject({ kind: 'io' });
    await settled();
    expect(verdict$.observed).toBe(true);
    served.endpoint.cut();
    await opening;
    await settled();
    expect(verdict$.observed).toBe(false);
    verdict$.next(0);
    expect(served.server.usage).toMatchObject({ connections: 0, sessions: 0 });
    expect(told(served.server.sessions$)).toEqual([]);
  });

  it('that decides while the server closes is told to come later', async () => {
    const verdict$ = new Subject<number>();
    const served = serve({ policy: ({ open }) => (open.requestedSessionId === 2 ? verdict$ : 0) });
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const client = await served.connect();
    const session = await client.openSession();
    const seen = told(session.submit({}));
    const opening = client.openSession({ requestedSessionId: 2 });
    await settled();
    const closed = served.server.close({ graceMs: 30 });
    verdict$.next(0);
    await expect(opening).rejects.toMatchObject({ status: SessionStatus.RetryLater });
    await closed;
    expect(seen).toMatchObject([{ name: 'OperationError', frameId: 1 }]);
  });
});
