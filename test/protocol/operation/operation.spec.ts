import {
  canTransition,
  CancelScope,
  isTerminalState,
  OperationState,
} from '../../../src/protocol/operation/operation';

type Name = keyof typeof OperationState;
const names = Object.keys(OperationState) as Name[];

/** Protocol section 8, word by word. */
const FOLLOWING: Readonly<Record<Name, readonly Name[]>> = {
  Accepted: ['Running', 'Cancelled', 'Failed', 'Superseded'],
  Running: ['Partial', 'WaitingTool', 'Cancelled', 'Failed', 'Completed', 'Superseded'],
  Partial: ['Partial', 'WaitingTool', 'Cancelled', 'Failed', 'Completed', 'Superseded'],
  WaitingTool: ['Running', 'Cancelled', 'Failed', 'Superseded'],
  Superseded: [],
  Cancelled: [],
  Failed: [],
  Completed: [],
};

describe('OperationState', () => {
  it('has the numbers of the protocol', () => {
    expect(OperationState).toEqual({
      Accepted: 0,
      Running: 1,
      Partial: 2,
      WaitingTool: 3,
      Superseded: 4,
      Cancelled: 5,
      Failed: 6,
      Completed: 7,
    });
    expect(CancelScope).toEqual({ Operation: 0, Subtree: 1, Group: 2, Session: 3 });
  });

  it.each(names)('%s goes where the protocol lets it go, and nowhere else', (from) => {
    const reached = names.filter((to) => canTransition(OperationState[from], OperationState[to]));
    expect(reached.sort()).toEqual([...FOLLOWING[from]].sort());
  });

  it('is terminal where nothing follows', () => {
    for (const name of names) {
      expect({ name, terminal: isTerminalState(OperationState[name]) }).toEqual({
        name,
        terminal: FOLLOWING[name].length === 0,
      });
    }
  });
});
