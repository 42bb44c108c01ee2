import { CreditScope } from '../../../src/protocol/flow/credit-scope';
import { CreditWindow } from '../../../src/protocol/flow/credit-window';
import {
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../../src/wire/messages/flow-update';
import { PriorityClass } from '../../../src/wire/messages/session-open';

const now = 1000;
const { Grant, Pause, Resume, Congestion } = FlowUpdateReason;

interface Setup {
  readonly credit?: number;
  readonly max?: number;
  readonly priority?: PriorityClass;
  readonly connection?: CreditScope;
  readonly operations?: Set<number>;
}

function windowOf({ credit = 2, max = 4, priority = 1, connection, operations = new Set() }: Setup = {}) {
  return new CreditWindow({
    ack: { grantedOperationCredit: credit, maxInFlightOperations: max, acceptedPriorityClass: priority },
    operations,
    ...(connection === undefined ? {} : { connection }),
  });
}

const session = (fields: Partial<FlowUpdateMetadata>) =>
  FlowUpdateMetadata.of({
    scopeKind: FlowScope.Session,
    creditEpoch: 1,
    flowFlags: FlowFlag.CreditValid,
    ...fields,
  });
const connectionWide = (fields: Partial<FlowUpdateMetadata>) =>
  session({ scopeKind: FlowScope.Connection, ...fields });
const ofOperation = (operationId: bigint, fields: Partial<FlowUpdateMetadata>) =>
  session({ scopeKind: FlowScope.Operation, operationId, ...fields });

describe('CreditWindow', () => {
  it('starts with what the ack grants', () => {
    const window = windowOf({ credit: 2, max: 4 });
    expect(window.credit).toBe(2);
    expect([0, 1, 2].map((inFlight) => window.canSubmit({ inFlight, now }))).toEqual([true, true, false]);
  });

  it('is closed at first where the ack grants nothing', () => {
    const window = windowOf({ credit: 0 });
    expect(window.canSubmit({ inFlight: 0, now })).toBe(false);
    expect(window.apply(session({ updateReason: Grant, sessionCredit: 1 }), now)).toBe('newer');
    expect(window.canSubmit({ inFlight: 0, now })).toBe(true);
  });

  it('grows and shrinks with session updates, never above what may be in flight', () => {
    const window = windowOf({ credit: 2, max: 4 });
    window.apply(session({ sessionCredit: 3 }), now);
    expect(window.credit).toBe(3);
    window.apply(session({ sessionCredit: 100, creditEpoch: 2 }), now);
    expect(window.credit).toBe(4);
    expect([3, 4].map((inFlight) => window.canSubmit({ inFlight, now }))).toEqual([true, false]);
    expect(window.decide({ inFlight: 4, now })).toEqual({
      kind: 'held',
      scope: FlowScope.Session,
      reason: 'no-credit',
    });
    window.apply(session({ sessionCredit: 1, creditEpoch: 3, updateReason: FlowUpdateReason.Reduce }), now);
    expect(window.canSubmit({ inFlight: 1, now })).toBe(false);
    expect(window.apply(session({ sessionCredit: 4, creditEpoch: 2 }), now)).toBe('older');
    expect(window.credit).toBe(1);
  });

  it('stops and goes on', () => {
    const window = windowOf();
    window.apply(session({ updateReason: Congestion, backpressureLevel: 2, sessionCredit: 2 }), now);
    expect(window.decide({ inFlight: 0, now })).toEqual({
      kind: 'held',
      scope: FlowScope.Session,
      reason: 'stopped',
    });
    window.apply(session({ updateReason: Resume, flowFlags: 0 }), now);
    expect(window.decide({ inFlight: 0, now })).toEqual({ kind: 'may-submit' });
  });

  it('says until when a retry_after holds', () => {
    const window = windowOf();
    const flowFlags = FlowFlag.RetryAfterValid;
    window.apply(
      session({ updateReason: Congestion, backpressureLevel: 1, retryAfterMs: 50, flowFlags }),
      now,
    );
    expect(window.decide({ inFlight: 0, now })).toEqual({
      kind: 'held',
      scope: FlowScope.Session,
      reason: 'retry-after',
      retryAt: 1050,
    });
    expect(window.canSubmit({ inFlight: 0, now: 1050 })).toBe(true);
  });

  it.each([
    [PriorityClass.Interactive, false],
    [PriorityClass.Balanced, false],
    [PriorityClass.Background, true],
  ])('with priority %i goes on under background_only: %s', (priority, expected) => {
    const window = windowOf({ priority });
    window.apply(
      session({ sessionCredit: 2, flowFlags: FlowFlag.CreditValid | FlowFlag.BackgroundOnly }),
      now,
    );
    expect(window.canSubmit({ inFlight: 0, now })).toBe(expected);
  });

  describe('of one connection', () => {
    it('shares the connection’s credit', () => {
      const connection = new CreditScope();
      const a = windowOf({ connection });
      const b = windowOf({ connection });
      a.apply(connectionWide({ connectionCredit: 3 }), now);
      expect(a.canSubmit({ inFlight: 1, connectionInFlight: 2, now })).toBe(true);
      expect(b.decide({ inFlight: 0, connectionInFlight: 3, now })).toEqual({
        kind: 'held',
        scope: FlowScope.Connection,
        reason: 'no-credit',
      });
    });

    it('is stopped as a whole, whatever a session is granted', () => {
      const connection = new CreditScope();
      const a = windowOf({ connection });
      const b = windowOf({ connection });
      a.apply(connectionWide({ updateReason: Pause }), now);
      b.apply(session({ updateReason: Grant, sessionCredit: 4 }), now);
      expect([a, b].map((window) => window.canSubmit({ inFlight: 0, now }))).toEqual([false, false]);
      b.apply(connectionWide({ updateReason: Resume, flowFlags: 0 }), now);
      expect([a, b].map((window) => window.canSubmit({ inFlight: 0, now }))).toEqual([true, true]);
    });

    it('counts epochs by scope', () => {
      const window = windowOf({ operations: new Set([5]) });
      window.apply(connectionWide({ connectionCredit: 9, creditEpoch: 50 }), now);
      expect(window.apply(session({ sessionCredit: 3, creditEpoch: 2 }), now)).toBe('newer');
      expect(window.apply(ofOperation(5n, { creditEpoch: 1 }), now)).toBe('newer');
      expect(window.apply(connectionWide({ creditEpoch: 49 }), now)).toBe('older');
    });

    it('counts its own in flight where no other session is mentioned', () => {
      const connection = new CreditScope({ credit: 1 });
      const window = windowOf({ connection });
      expect([0, 1].map((inFlight) => window.canSubmit({ inFlight, now }))).toEqual([true, false]);
    });
  });

  describe('of an operation', () => {
    it('holds back what depends on it and nothing else', () => {
      const window = windowOf({ operations: new Set([5, 6]) });
      window.apply(ofOperation(5n, { updateReason: Pause, operationCredit: 1 }), now);
      const dependsOn = (operationId: number) => ({ operationId, inFlight: 0 });
      expect(window.canSubmit({ inFlight: 0, now })).toBe(true);
      expect(window.canSubmit({ inFlight: 0, now, dependsOn: dependsOn(6) })).toBe(true);
      expect(window.decide({ inFlight: 0, now, dependsOn: dependsOn(5) })).toEqual({
        kind: 'held',
        scope: FlowScope.Operation,
        reason: 'stopped',
      });
    });

    it('limits how many that depend on it are in flight', () => {
      const window = windowOf({ operations: new Set([5]) });
      window.apply(ofOperation(5n, { updateReason: Grant, operationCredit: 1 }), now);
      const canSubmit = (inFlight: number) =>
        window.canSubmit({ inFlight: 1, now, dependsOn: { operationId: 5, inFlight } });
      expect([canSubmit(0), canSubmit(1)]).toEqual([true, false]);
    });

    it('is forgotten with the operation, and never kept for one that is not in flight', () => {
      const operations = new Set([5]);
      const window = windowOf({ operations });
      expect(window.apply(ofOperation(6n, { updateReason: Pause }), now)).toBe('unknown-operation');
      expect(window.apply(ofOperation(2n ** 32n + 5n, { updateReason: Pause }), now)).toBe(
        'unknown-operation',
      );
      expect(window.operationCount).toBe(0);
      window.apply(ofOperation(5n, { updateReason: Pause }), now);
      expect(window.operationCount).toBe(1);
      operations.delete(5);
      window.endOperation(5);
      expect(window.operationCount).toBe(0);
      window.endOperation(5);
      expect(window.canSubmit({ inFlight: 0, now, dependsOn: { operationId: 5, inFlight: 0 } })).toBe(true);
    });
  });
});
