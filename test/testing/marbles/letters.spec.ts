import { letter, expectedLabel } from '../../../src/testing/marbles/letters';
import type { ExpectedMoment, Moment } from '../../../src/testing/marbles/moment';
import { VALUES } from '../../../src/testing/marbles/value-kinds';

const came = (frame: number, value: unknown): Moment<unknown> => ({ frame, kind: 'value', value });
const wanted = (frame: number, name: string, value: unknown, index = 0): ExpectedMoment<unknown> => ({
  frame,
  kind: 'value',
  value,
  letter: name,
  index,
});
const dictionary = new Map<string, unknown[]>([
  ['a', [1]],
  ['b', [2]],
  ['B', [1, 2]],
]);

describe('letter', () => {
  it('takes letters of the dictionary', () => {
    const { labels, strangers } = letter([came(0, 2), came(1, 1)], [], dictionary, VALUES);
    expect(labels).toEqual(['b', 'a']);
    expect(strangers.size).toBe(0);
  });

  it('takes one letter for several values that come at once', () => {
    expect(letter([came(0, 1), came(0, 2), came(0, 1)], [], dictionary, VALUES).labels).toEqual([
      'B',
      '',
      'a',
    ]);
    expect(letter([came(0, 1), came(1, 2)], [], dictionary, VALUES).labels).toEqual(['a', 'b']);
  });

  it('prefers the letter that is expected there', () => {
    const twins = new Map<string, unknown[]>([
      ['a', [1]],
      ['x', [1]],
    ]);
    expect(letter([came(0, 1)], [wanted(0, 'x', 1)], twins, VALUES).labels).toEqual(['x']);
    expect(letter([came(0, 1)], [wanted(0, 'x', 3)], twins, VALUES).labels).toEqual(['x']);
    expect(letter([came(0, 1)], [], twins, VALUES).labels).toEqual(['a']);
  });

  it('makes fresh letters for strangers, the same for the same', () => {
    const { labels, strangers } = letter([came(0, 8), came(1, 9), came(2, 8)], [], dictionary, VALUES);
    expect(labels).toEqual(['?', 'A', '?']);
    expect([...strangers]).toEqual([
      ['?', 8],
      ['A', 9],
    ]);
  });

  it('takes no letter that means something else', () => {
    const known = new Map<string, unknown[]>([
      ['?', [1]],
      ['A', [2]],
    ]);
    expect(letter([came(0, 8)], [], known, VALUES).labels).toEqual(['B']);
  });

  it('has marks for ends', () => {
    expect(
      letter(
        [
          { frame: 0, kind: 'end' },
          { frame: 1, kind: 'cut' },
        ],
        [],
        dictionary,
        VALUES,
      ).labels,
    ).toEqual(['|', '#']);
    expect([wanted(0, 'a', 1), wanted(0, 'B', 2, 1)].map(expectedLabel)).toEqual(['a', '']);
    expect(expectedLabel({ frame: 0, kind: 'cut' })).toBe('#');
  });
});
