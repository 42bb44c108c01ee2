import fc from 'fast-check';
import { draw, type Drawn } from '../../../src/testing/marbles/draw';
import { readTimeline } from '../../../src/testing/marbles/timeline';
import { FlowScheduler } from '../../../src/testing/time/flow-scheduler';

const row = (...moments: readonly (readonly [frame: number, label: string])[]): Drawn[] =>
  moments.map(([frame, label]) => ({ frame, label }));

describe('draw', () => {
  it('draws a character for a frame', () => {
    expect(draw([row([0, 'a'], [2, 'b'], [3, '|'])]).lines).toEqual(['a-b|']);
  });

  it('draws what happens at once as a group, which takes its width', () => {
    expect(draw([row([1, 'a'], [1, 'b'], [6, 'c'])]).lines).toEqual(['-(ab)-c']);
  });

  it('aligns lines', () => {
    const { lines, columnOf } = draw([row([0, 'a'], [4, 'b']), row([2, 'x'], [2, 'y'], [6, 'z'])]);
    expect(lines).toEqual(['a---b--', '--(xy)z']);
    expect([0, 2, 4, 6].map(columnOf)).toEqual([0, 2, 4, 6]);
    expect(columnOf(3)).toBeUndefined();
  });

  it('shortens long silence in every line', () => {
    expect(draw([row([0, 'a'], [200, 'b']), row([199, 'x'])]).lines).toEqual(['a 198ms -b', '- 198ms x-']);
  });

  it('draws fractions of a frame', () => {
    expect(draw([row([0, 'a'], [2.5, 'b'])]).lines).toEqual(['a 1.5ms b']);
  });

  it('keeps lines aligned where a group is followed sooner than it is wide', () => {
    expect(draw([row([0, 'a'], [0, 'b'], [1, 'c'], [9, 'd']), row([1, 'x'], [9, 'y'])]).lines).toEqual([
      '(ab)c-------d',
      '-   x-------y',
    ]);
  });

  it('counts characters, and not the units of a string', () => {
    expect(draw([row([0, '🐳'], [1, 'b']), row([1, 'x'])]).lines).toEqual(['🐳b', '-x']);
    expect(draw([row([0, '🐳'], [0, '🐳'], [5, 'b'])]).lines).toEqual(['(🐳🐳)-b']);
  });

  it('draws nothing for nothing', () => {
    expect(draw([[], []]).lines).toEqual(['', '']);
  });

  it('draws what TestScheduler reads again, where that can be written', () => {
    const moments = fc
      .array(fc.tuple(fc.nat(60), fc.constantFrom('a', 'b', 'c')), { maxLength: 8 })
      .map((gaps) => {
        // Far enough apart for any of the groups.
        let frame = 0;
        return gaps.flatMap(([gap, label]) => {
          frame += gap + 4;
          return gap % 3 === 0 ? row([frame, label], [frame, 'z']) : row([frame, label]);
        });
      });
    fc.assert(
      fc.property(moments, (given) => {
        const [line = ''] = draw([given]).lines;
        const { marks } = readTimeline(line, new FlowScheduler());
        expect(marks).toEqual(given.map(({ frame, label }) => ({ frame, kind: 'letter', letter: label })));
      }),
    );
  });
});
