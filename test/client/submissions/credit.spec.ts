import type { Credit } from '../../../src/client/submissions/credit';
import {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateReason,
} from '../../../src/wire/messages/flow-update';
import { Stage } from './support';

describe('the credit of Submissions', () => {
  it('opens and narrows the window', () => {
    const stage = new Stage({ credit: 1 });
    for (const name of ['a', 'b', 'c', 'd']) stage.submit(name);
    stage.grant(3);
    expect(stage.news()).toEqual(['submit 1', 'submit 2', 'submit 3']);
    stage.grant(1);
    stage.complete(1);
    stage.complete(2);
    expect(stage.news()).toEqual([]);
    stage.complete(3);
    expect(stage.news()).toEqual(['submit 4']);
  });

  it('stops at a hard backpressure until a grant', () => {
    const stage = new Stage({ credit: 2 });
    stage.flow({ updateReason: FlowUpdateReason.Congestion, backpressureLevel: BackpressureLevel.Hard });
    stage.submit('a');
    stage.time.advance(60_000);
    expect(stage.news()).toEqual([]);
    stage.grant(2);
    expect(stage.news()).toEqual(['submit 1']);
  });

  it('waits for as long as retry_after says, and wakes up by itself', () => {
    const stage = new Stage();
    stage.flow({
      updateReason: FlowUpdateReason.Reduce,
      flowFlags: FlowFlag.RetryAfterValid,
      retryAfterMs: 250,
    });
    stage.submit('a');
    stage.time.advance(249);
    expect(stage.news()).toEqual([]);
    stage.time.advance(1);
    expect(stage.news()).toEqual(['submit 1']);
    // That of what waits for long, which goes when nothing is in flight.
    expect(stage.time.pendingCount).toBe(1);
    stage.complete(1);
    expect(stage.time.pendingCount).toBe(0);
  });

  it('wakes up once, however many wait and however often it is told', () => {
    const stage = new Stage();
    for (const retryAfterMs of [100, 300]) {
      stage.flow({
        flowFlags: FlowFlag.RetryAfterValid,
        updateReason: FlowUpdateReason.Reduce,
        retryAfterMs,
      });
      stage.submit(`after ${retryAfterMs}`);
    }
    // Beside that of what waits for long.
    expect(stage.time.pendingCount).toBe(2);
    stage.time.advance(299);
    expect(stage.news()).toEqual([]);
    stage.time.advance(1);
    expect(stage.news()).toEqual(['submit 1', 'submit 2']);
  });

  it('of an operation bounds those that name it', () => {
    const stage = new Stage({ credit: 4 });
    stage.submit('first');
    stage.flow({
      scopeKind: FlowScope.Operation,
      operationId: 1n,
      flowFlags: FlowFlag.CreditValid,
      operationCredit: 1,
    });
    const metadata = { dependencyFrameId: 1 };
    stage.submit('second', { metadata });
    stage.submit('third', { metadata });
    expect(stage.news()).toEqual(['submit 1', 'submit 2']);
    stage.complete(2);
    expect(stage.news()).toEqual(['submit 3']);
  });

  it('of an operation ends with it', () => {
    const stage = new Stage({ credit: 4 });
    stage.submit('first');
    stage.flow({
      scopeKind: FlowScope.Operation,
      operationId: 1n,
      flowFlags: FlowFlag.CreditValid,
      operationCredit: 0,
    });
    stage.submit('retry', { metadata: { retryOfFrame: 1 } });
    expect(stage.news()).toEqual(['submit 1']);
    stage.complete(1);
    expect(stage.news()).toEqual(['submit 2']);
  });

  it('is told now and after each change, and completes with the session', () => {
    const stage = new Stage({ credit: 1 });
    const seen: (Credit | string)[] = [];
    stage.submissions.credit.credit$.subscribe({
      next: (credit) => seen.push(credit),
      complete: () => seen.push('|'),
    });
    stage.submit('a');
    stage.submit('b');
    stage.grant(2);
    stage.submissions.end('session-closed');
    expect(seen).toEqual([
      { granted: 1, inFlight: 0, waiting: 0 },
      { granted: 1, inFlight: 1, waiting: 0 },
      { granted: 1, inFlight: 1, waiting: 1 },
      { granted: 2, inFlight: 2, waiting: 0 },
      { granted: 2, inFlight: 0, waiting: 0 },
      '|',
    ]);
  });
});
