import { CancelScope, OperationState } from '../../../../src/protocol/operation/operation';
import {
  completeResult,
  dropResult,
  partialResult,
  type Result,
} from '../../../../src/protocol/operation/result';
import { type ReceivedSubmit } from '../../../../src/server/session/submits/submit';
import { faultOf, kindOf } from '../../../protocol/support';
import { text } from '../../../support/packets';
import { Stage } from './stage';

const part = (frameId: number): Result => partialResult(frameId, text('part'));
const frameOf = ({ frameId }: ReceivedSubmit): number => frameId;

describe('SessionOperations', () => {
  it('hands submits over as slots are free, and counts', () => {
    const stage = new Stage();
    expect(stage.submit(1, 2, 3)).toEqual(['start', 'start', 'wait']);
    expect(stage.news()).toEqual(['1 starts', '2 starts']);
    expect(stage.operations).toMatchObject({
      inFlightCount: 2,
      queuedCount: 1,
      isIdle: false,
      lastOperationId: 3,
    });
    expect(stage.operations.all().map(({ frameId, state }) => [frameId, state])).toEqual([
      [1, OperationState.Running],
      [2, OperationState.Running],
      [3, OperationState.Accepted],
    ]);
  });

  it('has the highest id there was, in whatever order they came', () => {
    const stage = new Stage();
    stage.submit(7, 3);
    expect(stage.operations.lastOperationId).toBe(7);
  });

  it('takes an id once, also after its operation has ended', () => {
    const stage = new Stage();
    stage.submit(1);
    expect(faultOf(() => stage.submit(1))).toEqual({ kind: 'OperationAlreadyExists', operationId: 1n });
    stage.answer(completeResult(1));
    expect(kindOf(() => stage.submit(1))).toBe('OperationAlreadyExists');
    expect(kindOf(() => stage.submit(0))).toBe('InvalidOperationRelationship');
  });

  it('refuses what there is no room for: that has ended then', () => {
    const stage = new Stage({ maxInFlight: 1, maxSubmits: 1 });
    expect(stage.submit(1, 2, 3)).toEqual(['start', 'wait', 'refuse']);
    expect(stage.news()).toEqual(['1 starts', 'drop 3: over-credit']);
    expect(stage.operations.hasEnded(3)).toBe(true);
    expect(stage.operations.lastOperationId).toBe(3);
  });

  describe('an answer', () => {
    it('is sent before the next submit starts', () => {
      const stage = new Stage({ maxInFlight: 1 });
      stage.submit(1, 2);
      stage.news();
      stage.answer(completeResult(1));
      expect(stage.news()).toEqual(['send push 1', '1 is over: completed', '2 starts', 'changed']);
      expect(stage.stateOf(1)).toBe(OperationState.Completed);
    });

    it('moves an operation from part to part to its end', () => {
      const stage = new Stage();
      stage.submit(1);
      const states: OperationState[] = [];
      stage.submits.get(1)?.state$.subscribe((state) => states.push(state));
      stage.answer(part(1));
      stage.answer(part(1));
      stage.answer(completeResult(1));
      expect(states).toEqual([OperationState.Running, OperationState.Partial, OperationState.Completed]);
    });

    it('may be a drop', () => {
      const stage = new Stage();
      stage.submit(1);
      stage.news();
      stage.answer(dropResult(1));
      expect(stage.news()).toEqual(['send drop 1', '1 is over: dropped', 'changed']);
      expect(stage.stateOf(1)).toBe(OperationState.Failed);
    });

    it('goes on after a tool', () => {
      const stage = new Stage();
      stage.submit(1);
      const submit = stage.submits.get(1)!;
      submit.waitForTool();
      expect(submit.state).toBe(OperationState.WaitingTool);
      stage.answer(part(1));
      expect(submit.state).toBe(OperationState.Partial);
      submit.waitForTool();
      submit.continue();
      expect(submit.state).toBe(OperationState.Running);
      submit.waitForTool();
      stage.answer(completeResult(1));
      expect(submit.state).toBe(OperationState.Completed);
    });

    it.each([
      ['an unknown operation', 99],
      ['one that waits', 3],
      ['one that has ended', 1],
    ])('is refused for %s, and nothing is sent', (_, frameId) => {
      const stage = new Stage();
      stage.submit(1, 2, 3);
      stage.isReady = false;
      stage.answer(completeResult(1));
      stage.news();
      expect(
        faultOf(() => {
          stage.answer(completeResult(frameId));
        }),
      ).toEqual({ kind: 'UnknownOperation', operationId: BigInt(frameId) });
      expect(stage.news()).toEqual([]);
    });

    it('that cannot be sent leaves the operation as it was', () => {
      const stage = new Stage();
      stage.submit(1);
      stage.notAllowed.add(1);
      for (const result of [part(1), completeResult(1), dropResult(1)]) {
        expect(() => {
          stage.answer(result);
        }).toThrow('not allowed');
      }
      expect(stage.stateOf(1)).toBe(OperationState.Running);
      expect(stage.operations.inFlightCount).toBe(1);
    });

    it('at once, from within the delivery, is served as any other', () => {
      const stage = new Stage({ maxInFlight: 1 });
      stage.isReady = false;
      stage.submit(1, 2, 3);
      stage.isReady = true;
      stage.onDeliver = ({ frameId }) => {
        stage.answer(completeResult(frameId));
      };
      stage.operations.startNext();
      expect(stage.news().filter((line) => line.startsWith('send'))).toEqual([
        'send push 1',
        'send push 2',
        'send push 3',
      ]);
      expect(stage.operations.isIdle).toBe(true);
    });
  });

  describe('a cancel', () => {
    it('of the client’s is not told to it, and frees the slot', () => {
      const stage = new Stage({ maxInFlight: 1 });
      stage.submit(1, 2);
      stage.news();
      expect(stage.operations.cancel(1, CancelScope.Operation, 'client').map(frameOf)).toEqual([1]);
      expect(stage.news()).toEqual(['1 is over: cancelled', '2 starts', 'changed']);
      expect(stage.stateOf(1)).toBe(OperationState.Cancelled);
    });

    it('of the application’s is told', () => {
      const stage = new Stage();
      stage.submit(1);
      stage.news();
      stage.operations.cancel(1, CancelScope.Operation, 'application');
      expect(stage.news()).toEqual(['drop 1: cancelled', '1 is over: cancelled', 'changed']);
    });

    it('reaches one that waits: it never starts', () => {
      const stage = new Stage({ maxInFlight: 1 });
      stage.submit(1, 2, 3);
      stage.operations.cancel(2, CancelScope.Operation, 'client');
      stage.answer(completeResult(1));
      expect([...stage.submits.keys()]).toEqual([1, 3]);
    });

    it('reaches what its scope says, and tells all but the one that was named', () => {
      const stage = new Stage({ maxInFlight: 4 });
      stage.submit(1, 2, 3, 4);
      stage.submits.get(2)?.relate({ parentId: 1 });
      stage.submits.get(3)?.relate({ parentId: 2 });
      stage.news();
      expect(stage.operations.cancel(1, CancelScope.Subtree, 'client').map(frameOf)).toEqual([1, 2, 3]);
      expect(stage.news()).toEqual([
        'drop 2: cancelled',
        'drop 3: cancelled',
        '1 is over: cancelled',
        '2 is over: cancelled',
        '3 is over: cancelled',
        'changed',
      ]);
      expect(stage.operations.all().map(({ frameId }) => frameId)).toEqual([4]);
    });

    it('has done all of its work before anybody hears of it', () => {
      const stage = new Stage();
      stage.submit(1, 2);
      const found: string[] = [];
      stage.submits.get(1)?.ended$.subscribe(() => {
        found.push(
          kindOf(() => {
            stage.answer(completeResult(2));
          }) ?? 'sent',
        );
      });
      stage.operations.cancel(1, CancelScope.Session, 'client');
      expect(found).toEqual(['UnknownOperation']);
    });

    it('that crosses with the end changes nothing', () => {
      const stage = new Stage();
      stage.submit(1);
      stage.answer(completeResult(1));
      stage.news();
      expect(stage.operations.cancel(1, CancelScope.Operation, 'client')).toEqual([]);
      expect(stage.news()).toEqual([]);
    });

    it('of an operation that never was is refused', () => {
      const { operations } = new Stage();
      expect(kindOf(() => operations.cancel(1, CancelScope.Operation, 'client'))).toBe('UnknownOperation');
    });
  });

  it.each([
    ['fail', 'failed', OperationState.Failed],
    ['supersede', 'superseded', OperationState.Superseded],
    ['expire', 'late', OperationState.Failed],
  ] as const)('gives an operation up: %s', (how, end, state) => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.submit(1, 2);
    stage.news();
    stage.submits.get(1)?.[how]();
    expect(stage.news()).toEqual([`drop 1: ${end}`, `1 is over: ${end}`, '2 starts', 'changed']);
    expect(stage.stateOf(1)).toBe(state);
    stage.submits.get(1)?.[how]();
    expect(stage.news()).toEqual([]);
  });

  it('abandons what is with the application, and nothing else', () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.submit(1, 2);
    stage.news();
    for (const frameId of [2, 3, 1, 1]) stage.operations.abandon(frameId);
    expect(stage.news()).toEqual(['drop 1: failed', '1 is over: failed', '2 starts', 'changed']);
  });

  it('refuses what the protocol does not allow of an operation', () => {
    const stage = new Stage();
    stage.submit(1, 2);
    const [first, second] = [stage.submits.get(1)!, stage.submits.get(2)!];
    expect(kindOf(() => first.relate({ parentId: 99 }))).toBe('UnknownOperation');
    expect(kindOf(() => first.relate({ parentId: 1 }))).toBe('InvalidOperationRelationship');
    expect(kindOf(() => second.continue())).toBe('InvalidOperationTransition');
    stage.answer(completeResult(1));
    expect(kindOf(() => first.waitForTool())).toBe('UnknownOperation');
    expect(kindOf(() => first.relate({ groupId: 1 }))).toBe('UnknownOperation');
  });

  it('ends everything without a word, where the client is gone', () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.submit(1, 2);
    stage.news();
    stage.operations.endAll('disconnected', { tell: false });
    expect(stage.news()).toEqual(['1 is over: disconnected']);
    expect(stage.operations.isIdle).toBe(true);
    expect(stage.operations.all()).toEqual([]);
  });

  it('ends everything and tells the client and the session, where that goes on', () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.submit(1, 2);
    stage.news();
    stage.operations.endAll('dropped', { tell: true });
    expect(stage.news()).toEqual(['drop 1: dropped', 'drop 2: dropped', '1 is over: dropped', 'changed']);
    stage.operations.endAll('dropped', { tell: true });
    expect(stage.news()).toEqual([]);
    stage.submit(3);
    expect(stage.news()).toEqual(['3 starts']);
  });

  it('ends what waits and leaves what runs', () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.submit(1, 2, 3);
    stage.news();
    stage.operations.endQueued('closed');
    expect(stage.news()).toEqual(['drop 2: closed', 'drop 3: closed']);
    expect(stage.operations).toMatchObject({ inFlightCount: 1, queuedCount: 0 });
  });

  it('have ended before the client is told of the first: who reacts ends none of them twice', () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.submit(1, 2, 3);
    stage.onDrop = () => {
      stage.operations.endAll('closed', { tell: false });
    };
    stage.news();
    stage.operations.endQueued('closed');
    expect(stage.news()).toEqual(['drop 2: closed', '1 is over: closed', 'drop 3: closed']);
    expect(stage.operations).toMatchObject({ inFlightCount: 0, queuedCount: 0 });
  });
});

const TOO_LARGE =
  'a result of operation 1 of session 5 is larger than its client takes over its transport, which ends it; send it in parts';

describe('an answer that the client cannot be sent', () => {
  it('ends its operation, and the client hears that instead', () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.submit(1, 2);
    stage.log.length = 0;
    stage.tooLarge.add(1);
    stage.operations.answer(partialResult(1, text('x')));
    expect(stage.log).toEqual(['send refusal', '1 is over: failed', '2 starts', 'changed', TOO_LARGE]);
    expect(() => stage.operations.answer(completeResult(1))).toThrow('1');
  });

  it('does so also where it has waited, and nothing of it follows', () => {
    const stage = new Stage();
    stage.submit(1);
    stage.holds.hold(1);
    stage.operations.answer(partialResult(1, text('x')));
    stage.operations.answer(completeResult(1));
    stage.log.length = 0;
    stage.tooLarge.add(1);
    stage.holds.release(1);
    expect(stage.log).toEqual(['send refusal', '1 is over: failed', 'changed', TOO_LARGE]);
  });
});
