import { setImmediate as nextTurn } from 'node:timers/promises';
import { atTurnEnd } from '../../src/transport/outgoing/turn-end';

describe('atTurnEnd', () => {
  it('does what was asked for once the turn is over, in order, with one timer for all', async () => {
    const timers = jest.spyOn(globalThis, 'setImmediate');
    const done: string[] = [];
    atTurnEnd(() => done.push('first'));
    atTurnEnd(() => done.push('second'));
    const count = timers.mock.calls.length;
    timers.mockRestore();

    expect([count, done]).toEqual([1, []]);
    await nextTurn();
    expect(done).toEqual(['first', 'second']);
  });

  it('leaves what is asked for meanwhile to the next turn', async () => {
    const done: string[] = [];
    atTurnEnd(() => {
      done.push('first');
      atTurnEnd(() => done.push('later'));
    });
    await nextTurn();
    expect(done).toEqual(['first']);
    await nextTurn();
    expect(done).toEqual(['first', 'later']);
  });

  it('has nobody pay for a neighbour that throws, and throws it where nothing catches', () => {
    const turns: (() => void)[] = [];
    const timers = jest.spyOn(globalThis, 'setImmediate').mockImplementation(((turn: () => void) => {
      turns.push(turn);
    }) as typeof setImmediate);
    const done: string[] = [];
    atTurnEnd(() => {
      throw new Error('of one');
    });
    atTurnEnd(() => done.push('other'));
    turns.shift()?.();
    timers.mockRestore();

    expect(done).toEqual(['other']);
    expect(turns).toHaveLength(1);
    expect(turns[0]).toThrow('of one');
  });
});
