import { asyncScheduler, VirtualTimeScheduler } from 'rxjs';
import { CancelScope } from '../../src/protocol/operation/operation';
import { DEFAULT_SERVER_LIMITS } from '../../src/server/limits/server-limits';
import { takeServerOptions } from '../../src/server/option-rules';
import { serverSettings, type ServerOptions } from '../../src/server/options';
import { acceptAll } from '../../src/server/opening/policy';
import { systemRandom } from '../../src/server/opening/resume-token';
import { memory } from '../../src/transport/memory';
import { monotonicScheduler } from '../../src/transport/time/monotonic-scheduler';
import { Profile } from '../../src/wire/messages/payload-kind';
import { CAPABILITY_TOKENS } from '../../src/wire/preview4/capability-tokens';

const listen = memory();

function settings(options: Partial<ServerOptions> = {}) {
  return serverSettings(takeServerOptions({ listen, ...options }));
}

describe('server settings', () => {
  it('are the documented defaults', () => {
    const { schemaRegistry, ...rest } = settings();
    expect(rest).toEqual({
      supportedProfiles: [Profile.Token],
      revisions: ['preview3', 'preview4'],
      supportedCacheObjects: [],
      maxCacheObjects: 4096,
      maxCacheObjectBytes: 0,
      resumeTokenBytes: 24,
      maxInFlightOperations: 4,
      grantedOperationCredit: 4,
      leaseTtlMs: 30_000,
      resumeWindowMs: 120_000,
      policy: acceptAll,
      resume: 'token',
      storeDown: 'degrade',
      outbox: { maxResults: Infinity, maxBytes: 8 * 1024 * 1024 },
      randomBytes: systemRandom,
      tokenKey: expect.any(Uint8Array) as Uint8Array,
      maxCacheBytes: 64 * 1024 * 1024,
      capabilities: CAPABILITY_TOKENS,
      objects: { maxObjects: 64, maxBytes: 1024 * 1024 },
      cancelScope: CancelScope.Operation,
      interceptors: [],
      patchTimeoutMs: 5000,
      migrateGraceMs: 1000,
      idleTimeoutMs: 0,
      limits: DEFAULT_SERVER_LIMITS,
      keepAlive: { idleMs: 15_000, timeoutMs: 10_000 },
      queue: { maxSubmits: 1024, maxBytes: 8 * 1024 * 1024 },
      wallClock: asyncScheduler,
    });
    expect(schemaRegistry).toMatchObject({ size: 1 });
  });

  it('are no two servers’ together: each has a registry of its own', () => {
    const [one, other] = [settings(), settings()];
    expect(one.schemaRegistry).not.toBe(other.schemaRegistry);
  });

  it('are what is given, also where that is 0 or nothing', () => {
    const given = {
      supportedProfiles: [],
      maxInFlightOperations: 1,
      grantedOperationCredit: 0,
      leaseTtlMs: 0,
      resumeWindowMs: 0,
      patchTimeoutMs: 0,
      resume: 'off',
    } as const;
    expect(settings(given)).toMatchObject(given);
  });

  it('have the date of the scheduler that is given, or of a clock of its own', () => {
    const [scheduler, wallClock] = [new VirtualTimeScheduler(), { now: () => 5 }];
    expect(settings({ scheduler }).wallClock).toBe(scheduler);
    expect(settings({ scheduler, wallClock }).wallClock.now()).toBe(5);
    // Its clock has no date.
    expect(settings({ scheduler: monotonicScheduler }).wallClock).toBe(asyncScheduler);
  });

  it('have room for what a client that comes back has to name, unless they say how much', () => {
    const maxInFlightOperations = 10_000;
    expect(settings({ maxInFlightOperations }).limits.maxOpeningBytesIn).toBe(41_024);
    expect(settings({ maxInFlightOperations: Infinity }).limits.maxOpeningBytesIn).toBe(66_556);
    expect(settings({ maxInFlightOperations: 3840 }).limits.maxOpeningBytesIn).toBe(16_384);
    const limits = { maxOpeningBytesIn: 5 };
    expect(settings({ maxInFlightOperations, limits }).limits.maxOpeningBytesIn).toBe(5);
  });

  it('have room for a client that comes back with all of its sessions, unless they say how much', () => {
    const opens = (limits: ServerOptions['limits'] & object) => settings({ limits }).limits.opens;
    expect(opens({ maxSessionsPerConnection: 66 })).toEqual({ burst: 200, perSecond: 20 });
    expect(opens({ maxSessionsPerConnection: 1000 })).toEqual({ burst: 3000, perSecond: 20 });
    expect(opens({ maxSessionsPerConnection: Infinity })).toEqual({ burst: 30_000, perSecond: 20 });
    expect(opens({ maxSessionsPerConnection: 1000, opens: { burst: 5, perSecond: 1 } }).burst).toBe(5);
  });

  it('fill up what is given in part', () => {
    expect(
      settings({
        outbox: { maxResults: 3 },
        queue: { maxBytes: 5 },
        keepAlive: { idleMs: 0 },
        limits: { handshakeMs: 7 },
      }),
    ).toMatchObject({
      outbox: { maxResults: 3, maxBytes: 8 * 1024 * 1024 },
      queue: { maxSubmits: 1024, maxBytes: 5 },
      keepAlive: { idleMs: 0, timeoutMs: 10_000 },
      limits: { ...DEFAULT_SERVER_LIMITS, handshakeMs: 7 },
    });
  });

  it('give who is asked for a sign of life time to answer', () => {
    expect(settings({ keepAlive: { idleMs: 0, timeoutMs: 0 } }).keepAlive).toEqual({
      idleMs: 0,
      timeoutMs: 0,
    });
    expect(() => settings({ keepAlive: { timeoutMs: 0 } })).toThrow(
      new RangeError('keepAlive.timeoutMs must be 1 ms or more where idleMs is not 0, got 0'),
    );
  });

  it('have a key of tokens that nobody else has, and none where a test makes the tokens', () => {
    const [one, other] = [settings(), settings()];
    expect(one.tokenKey).toHaveLength(32);
    expect(one.tokenKey).not.toEqual(other.tokenKey);
    expect(settings({ randomBytes: systemRandom }).tokenKey).toBeUndefined();
    const tokenKey = 'sixteen bytes...';
    expect(settings({ randomBytes: systemRandom, tokenKey }).tokenKey).toEqual(Buffer.from(tokenKey));
    const secret = 'fifteen bytes..';
    expect(() => settings({ tokenKey: secret })).toThrow(
      new TypeError('tokenKey must be a Uint8Array or a string of 16 bytes or more, got a string'),
    );
  });

  it.each([0, 15, -1, NaN])('refuse tokens of %d bytes, which could be guessed', (resumeTokenBytes) => {
    expect(() => settings({ resumeTokenBytes })).toThrow(
      new RangeError(
        resumeTokenBytes >= 0
          ? `resumeTokenBytes must be an integer from 16 to 1024 where resume is "token", got ${resumeTokenBytes}`
          : `resumeTokenBytes must be an integer from 0 to 1024, got ${resumeTokenBytes}`,
      ),
    );
  });

  it('take tokens of any length where none is sent', () => {
    expect(settings({ resume: 'by-id', resumeTokenBytes: 1 }).resumeTokenBytes).toBe(1);
    expect(settings({ resume: 'off', resumeTokenBytes: 0 }).resumeTokenBytes).toBe(0);
    expect(settings({ resumeTokenBytes: 16 }).resumeTokenBytes).toBe(16);
  });
});
