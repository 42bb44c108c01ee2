import { CreditScope, type HoldReason } from '../../../src/protocol/flow/credit-scope';
import {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../../src/wire/messages/flow-update';

const { Grant, Reduce, Pause, Resume, Congestion } = FlowUpdateReason;
const { Soft, Hard } = BackpressureLevel;

interface Terms {
  readonly reason?: FlowUpdateReason;
  readonly level?: BackpressureLevel;
  readonly epoch?: number;
  readonly credit?: number;
  readonly retryAfter?: number;
  readonly flags?: number;
}

function update({
  reason = Grant,
  level = 0,
  epoch = 1,
  credit,
  retryAfter,
  flags = 0,
}: Terms): FlowUpdateMetadata {
  return FlowUpdateMetadata.of({
    scopeKind: FlowScope.Session,
    updateReason: reason,
    backpressureLevel: level,
    creditEpoch: epoch,
    sessionCredit: credit ?? 0,
    retryAfterMs: retryAfter ?? 0,
    flowFlags:
      flags |
      (credit === undefined ? 0 : FlowFlag.CreditValid) |
      (retryAfter === undefined ? 0 : FlowFlag.RetryAfterValid),
  });
}

/** A scope of credit 2 that got some updates at the time 1000. */
function after(...updates: readonly Terms[]): CreditScope {
  const scope = new CreditScope({ credit: 2 });
  for (const terms of updates) scope.apply(update(terms), 1000);
  return scope;
}

function hold(scope: CreditScope, inFlight = 0, now = 1000): HoldReason | undefined {
  return scope.hold({ inFlight, isBackground: false, now });
}

describe('CreditScope', () => {
  it('has no limit where nobody sets one', () => {
    const scope = new CreditScope();
    expect(scope.credit).toBe(Infinity);
    expect(hold(scope, 1_000_000)).toBeUndefined();
  });

  describe('credit', () => {
    it('is how many may be in flight at once, not how many may ever be submitted', () => {
      const scope = new CreditScope({ credit: 2 });
      expect([0, 1, 2, 3].map((inFlight) => hold(scope, inFlight))).toEqual([
        undefined,
        undefined,
        'no-credit',
        'no-credit',
      ]);
      expect(hold(scope, 1)).toBeUndefined();
    });

    it.each([
      ['grant', Grant],
      ['reduce', Reduce],
      ['resume', Resume],
      ['congestion', Congestion],
    ])('is what the last %s states', (_, reason) => {
      expect(after({ reason, credit: 5 }).credit).toBe(5);
      expect(after({ credit: 9 }, { reason, credit: 1 }).credit).toBe(1);
      expect(after({ reason, credit: 0 }).credit).toBe(0);
    });

    it('stays where an update does not declare it', () => {
      const silent = update({ reason: Grant });
      const scope = new CreditScope({ credit: 2 });
      scope.apply({ ...silent, sessionCredit: 9 }, 1000);
      expect(scope.credit).toBe(2);
    });

    it('is not lost in a stop that states 0', () => {
      const scope = after({ reason: Pause, credit: 0 });
      expect([scope.credit, hold(scope)]).toEqual([2, 'stopped']);
      scope.apply(update({ reason: Resume }), 1000);
      expect(hold(scope, 1)).toBeUndefined();
    });

    it('is taken from a stop that states more', () => {
      const scope = after({ reason: Congestion, level: Hard, credit: 1 }, { reason: Resume });
      expect([hold(scope, 0), hold(scope, 1)]).toEqual([undefined, 'no-credit']);
    });
  });

  describe('a stop', () => {
    const stops: readonly (readonly [string, Terms])[] = [
      ['pause', { reason: Pause }],
      ['hard congestion', { reason: Congestion, level: Hard }],
      ['a hard grant', { reason: Grant, level: Hard, credit: 4 }],
      ['drain_in_flight_only', { reason: Reduce, flags: FlowFlag.DrainInFlightOnly }],
    ];

    describe.each(stops)('by %s', (_, stop) => {
      it('holds back whatever is in flight, at any time', () => {
        const scope = after(stop);
        expect(scope.isStopped).toBe(true);
        expect([hold(scope, 0), hold(scope, 0, 1e12)]).toEqual(['stopped', 'stopped']);
      });

      it.each([
        ['a grant', { reason: Grant, credit: 2 }],
        ['a grant that states no credit', { reason: Grant }],
        ['a resume', { reason: Resume }],
        ['a newer epoch', { reason: Congestion, level: Soft, epoch: 2 }],
      ])('ends with %s', (__, lift) => {
        expect(hold(after(stop, lift))).toBeUndefined();
      });

      it.each([
        ['soft congestion of the same epoch', { reason: Congestion, level: Soft }],
        ['a reduce of the same epoch', { reason: Reduce, credit: 1 }],
        ['another stop of a newer epoch', { reason: Pause, epoch: 2 }],
        ['a hard resume of a newer epoch', { reason: Resume, level: Hard, epoch: 2 }],
        ['an older grant', { reason: Grant, credit: 9, epoch: 0 }],
        ['an older resume', { reason: Resume, epoch: 0 }],
      ])('does not end with %s', (__, other) => {
        expect(hold(after(stop, other))).toBe('stopped');
      });
    });

    it('is none where the level is soft', () => {
      expect(hold(after({ reason: Congestion, level: Soft, credit: 1 }))).toBeUndefined();
    });
  });

  describe('an epoch', () => {
    it('that is older changes nothing', () => {
      const scope = after({ epoch: 7, credit: 3 });
      const older = update({
        epoch: 6,
        reason: Pause,
        credit: 9,
        retryAfter: 100,
        flags: FlowFlag.BackgroundOnly,
      });
      expect(scope.apply(older, 1000)).toBe('older');
      expect([scope.credit, scope.isStopped, hold(scope)]).toEqual([3, false, undefined]);
    });

    it('that is the same counts', () => {
      const scope = after({ epoch: 7, credit: 3 });
      expect(scope.apply(update({ epoch: 7, credit: 4 }), 1000)).toBe('same');
      expect(scope.credit).toBe(4);
    });

    it('that is newer counts', () => {
      const scope = after({ epoch: 7, credit: 3 });
      expect(scope.apply(update({ epoch: 8, credit: 5 }), 1000)).toBe('newer');
      expect(scope.credit).toBe(5);
    });
  });

  describe('retry_after', () => {
    it('holds back for that long', () => {
      const scope = after({ reason: Congestion, level: Soft, retryAfter: 120 });
      expect(scope.retryAt).toBe(1120);
      expect([hold(scope, 0, 1119), hold(scope, 0, 1120)]).toEqual(['retry-after', undefined]);
    });

    it('does not end a stop when its time is over', () => {
      const scope = after({ reason: Congestion, level: Hard, retryAfter: 120 });
      expect(hold(scope, 0, 5000)).toBe('stopped');
    });

    it('ends with the next update', () => {
      expect(hold(after({ retryAfter: 120 }, { reason: Resume }))).toBeUndefined();
    });
  });

  describe('background_only', () => {
    it('holds back other priorities until an update without it', () => {
      const scope = after({ flags: FlowFlag.BackgroundOnly });
      expect(hold(scope)).toBe('background-only');
      expect(scope.hold({ inFlight: 0, isBackground: true, now: 1000 })).toBeUndefined();
      scope.apply(update({}), 1000);
      expect(hold(scope)).toBeUndefined();
    });
  });
});
