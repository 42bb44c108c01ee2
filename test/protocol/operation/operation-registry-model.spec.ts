import fc from 'fast-check';
import {
  canTransition,
  CancelScope,
  isTerminalState,
  OperationState,
} from '../../../src/protocol/operation/operation';
import { OperationRegistry } from '../../../src/protocol/operation/operation-registry';
import { kindOf } from '../support';
import { register, snapshot } from './support';

const { Accepted, Cancelled, Failed } = OperationState;

/** The registry of the reference, the slow way: every operation for ever. */
class NaiveRegistry {
  readonly all = new Map<
    number,
    { session: number; parent?: number; group?: number; state: OperationState }
  >();

  register(id: number, session: number, parent?: number, group?: number): string | null {
    if (session === 0 || id === 0 || parent === id || group === 0) return 'InvalidOperationRelationship';
    if (this.all.has(id)) return 'OperationAlreadyExists';
    if (parent !== undefined) {
      const found = this.all.get(parent);
      if (found === undefined) return 'UnknownOperation';
      if (found.session !== session) return 'InvalidOperationRelationship';
    }
    this.all.set(id, {
      session,
      state: Accepted,
      ...(parent === undefined ? {} : { parent }),
      ...(group === undefined ? {} : { group }),
    });
    return null;
  }

  transition(id: number, to: OperationState): string | null {
    const found = this.all.get(id);
    if (found === undefined) return 'UnknownOperation';
    if (!canTransition(found.state, to)) return 'InvalidOperationTransition';
    found.state = to;
    return null;
  }

  cancel(id: number, session: number, scope: CancelScope): string | number[] {
    const target = this.all.get(id);
    if (target === undefined) return 'UnknownOperation';
    if (target.session !== session) return 'InvalidOperationRelationship';
    if (scope === CancelScope.Group && target.group === undefined) return 'InvalidOperationRelationship';
    const isBelow = (at: number | undefined): boolean =>
      at !== undefined && (at === id || isBelow(this.all.get(at)!.parent));
    const reached = {
      [CancelScope.Operation]: (each: number) => each === id,
      [CancelScope.Subtree]: (each: number) => isBelow(each),
      [CancelScope.Group]: (each: number) => this.all.get(each)!.group === target.group,
      [CancelScope.Session]: (each: number) => this.all.get(each)!.session === session,
    }[scope];
    const ids = [...this.all.keys()].filter(
      (each) => reached(each) && !isTerminalState(this.all.get(each)!.state),
    );
    for (const each of ids) this.all.get(each)!.state = Cancelled;
    return ids.sort((a, b) => a - b);
  }
}

const anId = fc.integer({ min: 1, max: 6 });
const seldom = { weight: 1, arbitrary: fc.constant(0) };
const aSession = fc.oneof(
  seldom,
  { weight: 4, arbitrary: fc.constant(7) },
  { weight: 15, arbitrary: fc.constant(42) },
);
const aState = fc.constantFrom(...Object.values(OperationState));
const aScope = fc.constantFrom(...Object.values(CancelScope));

type Command =
  | {
      readonly do: 'register';
      id: number;
      session: number;
      parent: number | undefined;
      group: number | undefined;
    }
  | { readonly do: 'transition'; id: number; to: OperationState }
  | { readonly do: 'cancel'; id: number; session: number; scope: CancelScope }
  | { readonly do: 'release'; id: number };

const aCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constant('register' as const),
    id: fc.oneof(seldom, { weight: 20, arbitrary: anId }),
    session: aSession,
    parent: fc.oneof(
      seldom,
      { weight: 10, arbitrary: fc.constant(undefined) },
      { weight: 10, arbitrary: anId },
    ),
    group: fc.oneof(
      seldom,
      { weight: 5, arbitrary: fc.constant(undefined) },
      { weight: 5, arbitrary: fc.constantFrom(1, 2) },
    ),
  }),
  fc.record({ do: fc.constant('transition' as const), id: anId, to: aState }),
  fc.record({ do: fc.constant('cancel' as const), id: anId, session: aSession, scope: aScope }),
  fc.record({ do: fc.constant('release' as const), id: anId }),
);

function apply(registry: OperationRegistry, command: Exclude<Command, { do: 'release' }>): unknown {
  let cancelled: readonly number[] | undefined;
  const error = kindOf(() => {
    switch (command.do) {
      case 'register':
        register(registry, {
          sessionId: command.session,
          operationId: command.id,
          parentId: command.parent,
          groupId: command.group,
        });
        break;
      case 'transition':
        registry.transition(command.id, command.to);
        break;
      case 'cancel':
        cancelled = registry.cancel({
          sessionId: command.session,
          operationId: command.id,
          scope: command.scope,
        });
    }
  });
  return cancelled ?? error;
}

function applyNaively(model: NaiveRegistry, command: Exclude<Command, { do: 'release' }>): unknown {
  switch (command.do) {
    case 'register':
      return model.register(command.id, command.session, command.parent, command.group);
    case 'transition':
      return model.transition(command.id, command.to);
    case 'cancel':
      return model.cancel(command.id, command.session, command.scope);
  }
}

describe('against a naive registry', () => {
  it('agrees while everything is held', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(aCommand, { maxLength: 80, size: 'max' }), (commands) => {
        const registry = new OperationRegistry();
        const model = new NaiveRegistry();
        for (const command of commands) {
          if (command.do === 'release') continue;
          const expected = applyNaively(model, command);
          expect(apply(registry, command)).toEqual(expected);
          const outcome = `${command.do}: ${Array.isArray(expected) ? Math.min(expected.length, 2) : String(expected)}`;
          seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        }
        const states = Object.fromEntries([...model.all].map(([id, { state }]) => [id, state]));
        expect(snapshot(registry)).toEqual(states);
      }),
      { numRuns: 300 },
    );
    // Every outcome of every command, or the runs show less than they seem to.
    expect([...seen.keys()].sort()).toEqual([
      'cancel: 0',
      'cancel: 1',
      'cancel: 2',
      'cancel: InvalidOperationRelationship',
      'cancel: UnknownOperation',
      'register: InvalidOperationRelationship',
      'register: OperationAlreadyExists',
      'register: UnknownOperation',
      'register: null',
      'transition: InvalidOperationTransition',
      'transition: UnknownOperation',
      'transition: null',
    ]);
  });

  it('agrees on what is held while terminal operations are released', () => {
    let released = 0;
    fc.assert(
      fc.property(fc.array(aCommand, { maxLength: 80, size: 'max' }), (commands) => {
        const registry = new OperationRegistry();
        const model = new NaiveRegistry();
        for (const command of commands) {
          const isReleased = registry.released.has(command.id);
          const known = model.all.get(command.id);
          if (command.do === 'release') {
            if (known === undefined || isReleased) {
              expect(kindOf(() => registry.release(command.id))).toBe('UnknownOperation');
              continue;
            }
            if (!isTerminalState(known.state)) {
              expect(kindOf(() => registry.release(command.id))).toBe('InvalidOperationRelationship');
              expect(model.transition(command.id, Failed)).toBe(null);
              registry.end(command.id, Failed);
            } else {
              registry.release(command.id);
            }
            released++;
          } else if (command.do === 'register') {
            // Whose child and of which session a released parent was is forgotten: there the model knows
            // more.
            if (command.parent !== undefined && registry.released.has(command.parent)) continue;
            expect(apply(registry, command)).toEqual(applyNaively(model, command));
          } else if (!isReleased) {
            expect(apply(registry, command)).toEqual(applyNaively(model, command));
          }
          const held = [...model.all].filter(([id]) => !registry.released.has(id));
          expect(snapshot(registry)).toEqual(Object.fromEntries(held.map(([id, { state }]) => [id, state])));
        }
      }),
      { numRuns: 300 },
    );
    expect(released).toBeGreaterThan(200);
  });
});
