import { readTimeline } from '../../../src/testing/marbles/timeline';
import { FlowScheduler } from '../../../src/testing/time/flow-scheduler';

const read = (marbles: string) => readTimeline(marbles, new FlowScheduler());

describe('readTimeline', () => {
  it('reads as TestScheduler.run does', () => {
    expect(read('  a-(bc)-| ')).toEqual({
      marks: [
        { frame: 0, kind: 'letter', letter: 'a' },
        { frame: 2, kind: 'letter', letter: 'b' },
        { frame: 2, kind: 'letter', letter: 'c' },
        { frame: 7, kind: 'end' },
      ],
      duration: 8,
    });
  });

  it('lets time pass in a word', () => {
    expect(read('a 10ms b 2s -').marks.map(({ frame }) => frame)).toEqual([0, 11]);
    expect(read('a 10ms b 2s -').duration).toBe(2013);
    expect(read('1.5ms a').duration).toBe(2.5);
  });

  it('goes on behind an end and a cut', () => {
    expect(read('a|-#b').marks).toEqual([
      { frame: 0, kind: 'letter', letter: 'a' },
      { frame: 1, kind: 'end' },
      { frame: 3, kind: 'cut' },
      { frame: 4, kind: 'letter', letter: 'b' },
    ]);
  });

  it('says how long silence is', () => {
    expect(read('')).toEqual({ marks: [], duration: 0 });
    expect(read('---')).toEqual({ marks: [], duration: 3 });
    expect(read('5ms')).toEqual({ marks: [], duration: 5 });
  });

  it.each(['-^-', 'a!'])('refuses what means nothing here: %s', (marbles) => {
    expect(() => read(marbles)).toThrow('means nothing in what a peer sends or receives');
  });
});
