import { CancelScope, OperationState } from '../../../src/protocol/operation/operation';
import { OperationRegistry } from '../../../src/protocol/operation/operation-registry';
import { brokenRelationship, faultOf, kindOf } from '../support';
import { register, type OperationDescriptor } from './support';

const { Accepted, Running, Partial, WaitingTool, Superseded, Cancelled, Failed, Completed } = OperationState;

function registryOf(...descriptors: readonly Omit<OperationDescriptor, 'sessionId'>[]): OperationRegistry {
  const registry = new OperationRegistry();
  for (const descriptor of descriptors) register(registry, { sessionId: 42, ...descriptor });
  return registry;
}

function finish(registry: OperationRegistry, ...ids: readonly number[]): void {
  for (const operationId of ids) {
    registry.transition(operationId, Running);
    registry.end(operationId, Completed);
  }
}

describe('OperationRegistry', () => {
  describe('register', () => {
    it('accepts an operation and shows its state as it changes', () => {
      const registry = new OperationRegistry();
      const operation = register(registry, { sessionId: 42, operationId: 1, groupId: 7 });
      expect(operation).toMatchObject({ sessionId: 42, frameId: 1, parentId: undefined, groupId: 7 });
      expect(operation.state).toBe(Accepted);
      registry.transition(1, Running);
      expect(operation.state).toBe(Running);
      expect(registry.get(1)).toBe(operation);
      expect([registry.size, registry.state(1), registry.has(1)]).toEqual([1, Running, true]);
    });

    it.each([
      ['session 0', { sessionId: 0, operationId: 1 }, 'operation session_id must be non-zero'],
      ['id 0', { sessionId: 42, operationId: 0 }, 'operation_id must be non-zero'],
      [
        'itself as parent',
        { sessionId: 42, operationId: 1, parentId: 1 },
        'operation cannot be its own parent',
      ],
      [
        'group 0',
        { sessionId: 42, operationId: 1, groupId: 0 },
        'operation_group_id must be non-zero when present',
      ],
    ])('refuses %s', (_, descriptor, rule) => {
      const registry = new OperationRegistry();
      expect(faultOf(() => register(registry, descriptor))).toEqual(brokenRelationship(rule));
      expect(registry.size).toBe(0);
    });

    it('refuses an id twice, whatever became of the first', () => {
      const registry = registryOf({ operationId: 1 });
      const again = () => register(registry, { sessionId: 42, operationId: 1 });
      const fault = { kind: 'OperationAlreadyExists', operationId: 1n };
      expect(faultOf(again)).toEqual(fault);
      registry.transition(1, Failed);
      expect(faultOf(again)).toEqual(fault);
      registry.release(1);
      expect(faultOf(again)).toEqual(fault);
    });

    it('refuses a parent that is unknown or of another session', () => {
      const registry = registryOf({ operationId: 1 });
      expect(faultOf(() => register(registry, { sessionId: 42, operationId: 2, parentId: 9 }))).toEqual({
        kind: 'UnknownOperation',
        operationId: 9n,
      });
      expect(faultOf(() => register(registry, { sessionId: 7, operationId: 2, parentId: 1 }))).toEqual(
        brokenRelationship('parent operation must belong to the same session'),
      );
      expect(registry.has(2)).toBe(false);
    });

    it('takes a terminal parent, and a released one', () => {
      const registry = registryOf({ operationId: 1 });
      registry.transition(1, Cancelled);
      expect(register(registry, { sessionId: 42, operationId: 2, parentId: 1 }).parentId).toBe(1);
      registry.release(1);
      expect(register(registry, { sessionId: 42, operationId: 3, parentId: 1 }).parentId).toBe(1);
    });

    it.each([-1, 1.5, NaN, Infinity, 2 ** 53])('refuses %d, which is no id', (operationId) => {
      const registry = new OperationRegistry();
      expect(faultOf(() => register(registry, { sessionId: 42, operationId }))).toEqual({
        kind: 'ValueOutOfRange',
        field: 'operation_id',
        value: operationId,
        max: Number.MAX_SAFE_INTEGER,
      });
      expect(kindOf(() => register(registry, { sessionId: 42, operationId: 1, parentId: operationId }))).toBe(
        'ValueOutOfRange',
      );
    });
  });

  describe('transition', () => {
    it('says from where to where it cannot go', () => {
      const registry = registryOf({ operationId: 1 });
      expect(faultOf(() => registry.transition(1, Completed))).toEqual({
        kind: 'InvalidOperationTransition',
        from: Accepted,
        to: Completed,
      });
      expect(registry.state(1)).toBe(Accepted);
    });

    it('knows no operation that was never there', () => {
      expect(faultOf(() => new OperationRegistry().transition(99, Running))).toEqual({
        kind: 'UnknownOperation',
        operationId: 99n,
      });
    });
  });

  describe('relate', () => {
    it('gives an operation a parent and a group when the application accepts it', () => {
      const registry = registryOf({ operationId: 1 }, { operationId: 2 });
      registry.relate(2, { parentId: 1, groupId: 7 });
      expect(registry.get(2)).toMatchObject({ parentId: 1, groupId: 7 });
      expect(registry.cancel({ sessionId: 42, operationId: 1, scope: CancelScope.Subtree })).toEqual([1, 2]);
    });

    it('leaves what it is not told of', () => {
      const registry = registryOf({ operationId: 1 }, { operationId: 2, parentId: 1, groupId: 7 });
      registry.relate(2, {});
      registry.relate(2, { groupId: 8 });
      expect(registry.get(2)).toMatchObject({ parentId: 1, groupId: 8 });
    });

    it('moves an operation from one parent to another', () => {
      const registry = registryOf({ operationId: 1 }, { operationId: 2 }, { operationId: 3, parentId: 1 });
      registry.relate(3, { parentId: 2 });
      expect(registry.cancel({ sessionId: 42, operationId: 1, scope: CancelScope.Subtree })).toEqual([1]);
      expect(registry.cancel({ sessionId: 42, operationId: 2, scope: CancelScope.Subtree })).toEqual([2, 3]);
    });

    it('moves an operation with all that is below it', () => {
      const registry = registryOf({ operationId: 1 }, { operationId: 2 }, { operationId: 3, parentId: 2 });
      registry.relate(2, { parentId: 1 });
      expect(registry.cancel({ sessionId: 42, operationId: 1, scope: CancelScope.Subtree })).toEqual([
        1, 2, 3,
      ]);
    });

    it.each([
      ['itself', 1, { parentId: 1 }, 'operation cannot be its own parent'],
      ['a group of 0', 1, { groupId: 0 }, 'operation_group_id must be non-zero when present'],
      ['its child', 1, { parentId: 2 }, 'operation cannot be its own ancestor'],
      ['its grandchild', 1, { parentId: 3 }, 'operation cannot be its own ancestor'],
      ['one of another session', 1, { parentId: 4 }, 'parent operation must belong to the same session'],
    ])('refuses %s', (_, operationId, relations, rule) => {
      const registry = registryOf(
        { operationId: 1 },
        { operationId: 2, parentId: 1 },
        { operationId: 3, parentId: 2 },
      );
      register(registry, { sessionId: 7, operationId: 4 });
      expect(faultOf(() => registry.relate(operationId, relations))).toEqual(brokenRelationship(rule));
      expect(registry.get(1)?.parentId).toBeUndefined();
    });

    it('knows no operation or parent that was never there', () => {
      const registry = registryOf({ operationId: 1 });
      expect(faultOf(() => registry.relate(5, {}))).toEqual({ kind: 'UnknownOperation', operationId: 5n });
      expect(faultOf(() => registry.relate(1, { parentId: 6 }))).toEqual({
        kind: 'UnknownOperation',
        operationId: 6n,
      });
    });
  });

  describe('cancel', () => {
    const tree = (): OperationRegistry => {
      const registry = registryOf(
        { operationId: 1, groupId: 7 },
        { operationId: 2, parentId: 1, groupId: 7 },
        { operationId: 3, parentId: 2, groupId: 8 },
        { operationId: 4, groupId: 7 },
        { operationId: 5, groupId: 9 },
      );
      registry.transition(5, Running);
      registry.transition(5, Completed);
      return registry;
    };

    it.each([
      ['an operation', 2, CancelScope.Operation, [2]],
      ['a subtree', 2, CancelScope.Subtree, [2, 3]],
      ['a whole tree', 1, CancelScope.Subtree, [1, 2, 3]],
      ['a group', 1, CancelScope.Group, [1, 2, 4]],
      ['a session', 3, CancelScope.Session, [1, 2, 3, 4]],
      ['a session, named by a terminal operation', 5, CancelScope.Session, [1, 2, 3, 4]],
      ['a terminal operation', 5, CancelScope.Operation, []],
    ])('reaches %s', (_, operationId, scope, expected) => {
      const registry = tree();
      expect(registry.cancel({ sessionId: 42, operationId, scope })).toEqual(expected);
      for (let each = 1; each <= 4; each++) {
        expect(registry.state(each)).toBe(expected.includes(each) ? Cancelled : Accepted);
      }
      expect(registry.state(5)).toBe(Completed);
    });

    it('leaves other sessions alone', () => {
      const registry = tree();
      register(registry, { sessionId: 7, operationId: 6 });
      registry.cancel({ sessionId: 42, operationId: 1, scope: CancelScope.Session });
      expect(registry.state(6)).toBe(Accepted);
    });

    it('returns the ids ascending, in whatever order they came', () => {
      const registry = registryOf({ operationId: 30 }, { operationId: 9 }, { operationId: 200 });
      expect(registry.cancel({ sessionId: 42, operationId: 9, scope: CancelScope.Session })).toEqual([
        9, 30, 200,
      ]);
    });

    it('refuses another session, an unknown target, and a group where there is none', () => {
      const registry = registryOf({ operationId: 1 });
      const cancel = (sessionId: number, operationId: number, scope: CancelScope) =>
        faultOf(() => registry.cancel({ sessionId, operationId, scope }));
      expect(cancel(7, 1, CancelScope.Operation)).toEqual(
        brokenRelationship('cancel request session_id must match the target operation'),
      );
      expect(cancel(42, 1, CancelScope.Group)).toEqual(
        brokenRelationship('group cancel requires the target operation to have an operation_group_id'),
      );
      expect(cancel(42, 99, CancelScope.Operation)).toEqual({ kind: 'UnknownOperation', operationId: 99n });
      expect(registry.state(1)).toBe(Accepted);
    });

    it('survives a parent of very many', () => {
      const registry = registryOf({ operationId: 1 });
      for (let operationId = 2; operationId <= 200_000; operationId++) {
        register(registry, { sessionId: 42, operationId, parentId: 1 });
      }
      const cancelled = registry.cancel({ sessionId: 42, operationId: 1, scope: CancelScope.Subtree });
      expect(cancelled).toHaveLength(200_000);
    });
  });

  describe('release', () => {
    it('forgets a terminal operation but for its id', () => {
      const registry = registryOf({ operationId: 1 });
      registry.transition(1, Superseded);
      registry.release(1);
      expect([registry.size, registry.get(1), registry.state(1)]).toEqual([0, undefined, undefined]);
      expect([registry.has(1), registry.released.has(1)]).toEqual([true, true]);
    });

    it('refuses an operation that is not terminal', () => {
      const registry = registryOf({ operationId: 1 });
      for (const state of [Accepted, Running, Partial, WaitingTool]) {
        if (state !== Accepted) registry.transition(1, state);
        expect(faultOf(() => registry.release(1))).toEqual(
          brokenRelationship('only a terminal operation can be released'),
        );
      }
      expect(registry.size).toBe(1);
    });

    it('makes transitions and releases unknown', () => {
      const registry = registryOf({ operationId: 1 });
      registry.end(1, Failed);
      const fault = { kind: 'UnknownOperation', operationId: 1n };
      expect(faultOf(() => registry.release(1))).toEqual(fault);
      expect(faultOf(() => registry.transition(1, Running))).toEqual(fault);
      expect(faultOf(() => registry.end(1, Completed))).toEqual(fault);
    });

    it('keeps an operation that could not end', () => {
      const registry = registryOf({ operationId: 1 });
      expect(kindOf(() => registry.end(1, Completed))).toBe('InvalidOperationTransition');
      expect([registry.size, registry.state(1)]).toEqual([1, Accepted]);
    });

    it.each([
      ['operation', CancelScope.Operation, []],
      ['group', CancelScope.Group, []],
      ['subtree', CancelScope.Subtree, [2, 3]],
      ['session', CancelScope.Session, [2, 3, 4]],
    ])('makes a late cancel of scope %s reach what is left', (_, scope, expected) => {
      const registry = registryOf(
        { operationId: 1, groupId: 7 },
        { operationId: 2, parentId: 1 },
        { operationId: 3, parentId: 2 },
        { operationId: 4 },
      );
      finish(registry, 1);
      expect(registry.cancel({ sessionId: 42, operationId: 1, scope })).toEqual(expected);
    });

    it('hands the children to the parent, so that its subtree stays whole', () => {
      const registry = registryOf(
        { operationId: 1 },
        { operationId: 2, parentId: 1 },
        { operationId: 3, parentId: 2 },
        { operationId: 4, parentId: 3 },
      );
      finish(registry, 2, 3);
      expect(registry.get(4)?.parentId).toBe(1);
      expect(registry.cancel({ sessionId: 42, operationId: 1, scope: CancelScope.Subtree })).toEqual([1, 4]);
    });

    it('counts the children that a parent gets and loses', () => {
      const registry = registryOf(
        { operationId: 1 },
        { operationId: 2, parentId: 1 },
        { operationId: 3, parentId: 2 },
        { operationId: 4, parentId: 2 },
        { operationId: 5, parentId: 2 },
      );
      finish(registry, 2, 3, 4);
      expect(registry.cancel({ sessionId: 42, operationId: 1, scope: CancelScope.Subtree })).toEqual([1, 5]);
    });

    it('lets a session reach only its own below a released operation', () => {
      const registry = registryOf({ operationId: 1 });
      finish(registry, 1);
      register(registry, { sessionId: 42, operationId: 2, parentId: 1 });
      register(registry, { sessionId: 7, operationId: 3, parentId: 1 });
      expect(registry.cancel({ sessionId: 42, operationId: 1, scope: CancelScope.Subtree })).toEqual([2]);
      expect(registry.state(3)).toBe(Accepted);
    });

    it('still finds what descends from a root that is released', () => {
      const registry = registryOf({ operationId: 1 });
      for (let operationId = 2; operationId <= 50; operationId++) {
        register(registry, { sessionId: 42, operationId, parentId: operationId - 1 });
        finish(registry, operationId - 1);
      }
      expect(registry.size).toBe(1);
      expect(registry.cancel({ sessionId: 42, operationId: 1, scope: CancelScope.Subtree })).toEqual([50]);
    });
  });

  describe('memory', () => {
    it('is one range and no entry after a million operations', () => {
      const registry = new OperationRegistry();
      for (let operationId = 1; operationId <= 1_000_000; operationId++) {
        register(registry, { sessionId: 42, operationId });
        registry.transition(operationId, Running);
        registry.transition(operationId, Completed);
        registry.release(operationId);
      }
      expect(registry.size).toBe(0);
      expect([...registry.operations()]).toEqual([]);
      expect([...registry.released.ranges()]).toEqual([{ first: 1, last: 1_000_000 }]);
    });

    it('is one range where 64 at a time end in another order', () => {
      const registry = new OperationRegistry();
      for (let base = 1; base <= 64_000; base += 64) {
        for (let k = 0; k < 64; k++) register(registry, { sessionId: 42, operationId: base + k });
        for (let k = 0; k < 64; k++) registry.end(base + ((k * 37) % 64), Failed);
        expect(registry.released.rangeCount).toBe(1);
      }
      expect(registry.size).toBe(0);
      expect(registry.released.size).toBe(64_000);
    });

    it('is bounded where a client leaves gaps, and duplicates are still refused', () => {
      const registry = new OperationRegistry({ maxReleasedRanges: 16 });
      for (let operationId = 2; operationId <= 2_000; operationId += 2) {
        register(registry, { sessionId: 42, operationId });
        registry.end(operationId, Cancelled);
        expect(registry.released.rangeCount).toBeLessThanOrEqual(16);
      }
      for (let operationId = 2; operationId <= 2_000; operationId += 2) {
        expect(kindOf(() => register(registry, { sessionId: 42, operationId }))).toBe(
          'OperationAlreadyExists',
        );
      }
      expect(registry.released.isExact).toBe(false);
    });
  });
});
