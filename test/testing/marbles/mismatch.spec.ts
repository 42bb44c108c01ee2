import { mismatch, type Comparison } from '../../../src/testing/marbles/mismatch';
import type { ExpectedMoment, Moment } from '../../../src/testing/marbles/moment';
import { PACKETS, VALUES } from '../../../src/testing/marbles/value-kinds';
import { drop, ping, result, submit } from '../../../src/testing';
import type { Packet } from '../../../src/wire/packet';

type Given = readonly (readonly [frame: number, letter: string])[];
const packets: Readonly<Record<string, Packet>> = {
  a: submit(42, 1),
  p: result(42, 1, 'del').partial(),
  q: result(42, 1, 'dal').partial(),
  c: result(42, 1),
  d: drop(42, 1),
};

function compare(expected: Given, actual: Given, more: Partial<Comparison<Packet>> = {}): string | undefined {
  const asked = expected.map(([frame, letter]): ExpectedMoment<Packet> => {
    if (letter === '|') return { frame, kind: 'end' };
    return { frame, kind: 'value', value: packets[letter]!, letter, index: 0 };
  });
  const came = actual.map(([frame, letter]): Moment<Packet> => {
    if (letter === '|') return { frame, kind: 'end' };
    if (letter === '#') return { frame, kind: 'cut', error: new Error('cut') };
    return { frame, kind: 'value', value: packets[letter] ?? ping(7) };
  });
  const known = new Map(Object.entries(packets).map(([letter, packet]) => [letter, [packet]]));
  known.delete('q');
  return mismatch({ title: 'oh', expected: asked, actual: came, dictionary: known, kind: PACKETS, ...more });
}

describe('mismatch', () => {
  it('is undefined where all is as it should be', () => {
    expect(compare([], [])).toBeUndefined();
    expect(
      compare(
        [
          [0, 'a'],
          [3, 'p'],
          [4, '|'],
        ],
        [
          [0, 'a'],
          [3, 'p'],
          [4, '|'],
        ],
      ),
    ).toBeUndefined();
  });

  it('shows both strings, the legend, and the fields that differ', () => {
    const text = compare(
      [
        [0, 'a'],
        [4, 'p'],
        [6, 'c'],
      ],
      [
        [0, 'a'],
        [4, 'q'],
        [6, 'c'],
      ],
      {
        context: [{ name: 'sent', moments: [{ frame: 2, label: 's' }] }],
      },
    );
    expect(text).toBe(
      [
        'oh',
        '',
        '  sent      --s----',
        '  expected  a---p-c',
        '  actual    a---?-c',
        '                ^',
        '  ? = RESULT_PUSH session 42 frame 1 partial tokens "dal"',
        '',
        'at frame 4: expected p, RESULT_PUSH session 42 frame 1 partial tokens "del"',
        '            got ?, RESULT_PUSH session 42 frame 1 partial tokens "dal"',
        '  body: expected tokens "del", got tokens "dal"',
      ].join('\n'),
    );
  });

  it('says when a packet came at another frame', () => {
    expect(compare([[4, 'p']], [[5, 'p']])).toContain(
      'expected at frame 4, but came at frame 5: p, RESULT_PUSH',
    );
  });

  it('says what did not come', () => {
    expect(
      compare(
        [
          [0, 'a'],
          [4, 'p'],
        ],
        [[0, 'a']],
      ),
    ).toContain(
      'at frame 4: expected p, RESULT_PUSH session 42 frame 1 partial tokens "del"\n  and nothing came any more',
    );
  });

  it('says what came besides', () => {
    expect(
      compare(
        [[0, 'a']],
        [
          [0, 'a'],
          [2, 'x'],
        ],
      ),
    ).toContain('at frame 2: nothing more was expected, but ?, PING frame 7');
  });

  it('says what came instead, and when, where the frames differ too', () => {
    const text = compare([[4, 'p']], [[2, 'd']]);
    expect(text).toContain('at frame 4: expected p, RESULT_PUSH');
    expect(text).toContain('at frame 2: got d, RESULT_DROP session 42 frame 1');
    expect(text).not.toContain('metadata');
  });

  it('tells ends and failures from packets', () => {
    expect(compare([[2, '|']], [[2, '#']])).toContain(
      'at frame 2: expected |, the end\n            got #, a failure: cut',
    );
    expect(compare([[2, 'p']], [[2, '|']])).toContain('got |, the end');
    expect(compare([[2, '|']], [])).toContain('expected |, the end');
  });

  it('compares order alone where it is told to', () => {
    const order = { timing: 'order' } as const;
    expect(
      compare(
        [
          [0, 'a'],
          [1, 'p'],
        ],
        [
          [5, 'a'],
          [9, 'p'],
        ],
        order,
      ),
    ).toBeUndefined();
    expect(
      compare(
        [
          [0, 'a'],
          [1, 'p'],
        ],
        [
          [5, 'p'],
          [9, 'a'],
        ],
        order,
      ),
    ).toContain('at frame 5: expected a, FRAME_SUBMIT');
  });

  it('compares any values', () => {
    const text = mismatch({
      title: 'oh',
      expected: [{ frame: 0, kind: 'value', value: { x: 1 }, letter: 'a', index: 0 }],
      actual: [{ frame: 0, kind: 'value', value: { x: 2 } }],
      dictionary: new Map([['a', [{ x: 1 }]]]),
      kind: VALUES,
    });
    expect(text).toContain('at frame 0: expected a, { x: 1 }\n            got ?, { x: 2 }');
  });
});
