import {
  bytesOrText,
  callback,
  flag,
  integer,
  integerOrInfinity,
  integerOrNone,
  limit,
  oneOrListOf,
  oneOf,
  required,
  secret,
  text,
  u64,
  valueOf,
} from '../../../src/protocol/options/rules';
import {
  optionsOf,
  partly,
  takeOptions,
  takeValue,
  type Rules,
} from '../../../src/protocol/options/take-options';
import { PriorityClass } from '../../../src/wire/messages/session-open';

interface Oven {
  readonly degrees: number;
  readonly door?: boolean;
  readonly waitMs?: number;
  readonly fan?: { readonly speed?: number };
  readonly dishes?: string | readonly string[];
  readonly mode?: 'grill' | 'bake';
  readonly priority?: PriorityClass;
  readonly tag?: bigint;
  readonly key?: Uint8Array | string;
  readonly done?: () => void;
}

const rules: Rules<Oven> = {
  degrees: required(integer(0, 300)),
  door: flag,
  waitMs: integerOrInfinity(0, 0xffff, ' ms'),
  fan: optionsOf({ speed: limit }),
  dishes: oneOrListOf(text),
  mode: oneOf('grill', 'bake'),
  priority: valueOf(PriorityClass),
  tag: u64,
  key: secret(bytesOrText),
  done: callback<() => void>(),
};

function take(options: unknown): Oven {
  return takeOptions('bake', options, rules);
}

describe('options', () => {
  it('are taken as they are given, those that are undefined left out', () => {
    const done = (): void => undefined;
    const given = { degrees: 200, door: undefined, fan: { speed: undefined }, mode: 'grill', done };
    expect(take(given)).toStrictEqual({ degrees: 200, fan: {}, mode: 'grill', done });
  });

  it('may be without end: that is as much as the field of the wire holds', () => {
    expect(take({ degrees: 1, waitMs: Infinity }).waitMs).toBe(0xffff);
    expect(take({ degrees: 1, fan: { speed: Infinity } }).fan).toEqual({ speed: Infinity });
  });

  it('are nobody else’s from then on', () => {
    const given = { degrees: 1, key: Uint8Array.of(1, 2), dishes: ['pie'], fan: { speed: 1 } };
    const taken = take(given);
    given.degrees = 900;
    given.key.fill(9);
    given.dishes.push('cake');
    given.fan.speed = -1;
    expect(taken).toEqual({ degrees: 1, key: Uint8Array.of(1, 2), dishes: ['pie'], fan: { speed: 1 } });
  });

  it('are looked at once', () => {
    let looks = 0;
    const given = {
      get degrees(): number {
        return (looks += 1);
      },
    };
    expect(take(given)).toEqual({ degrees: 1 });
    expect(looks).toBe(1);
  });

  it('may be inherited', () => {
    class Usual {
      get degrees(): number {
        return 180;
      }
    }
    expect(take(new Usual())).toEqual({ degrees: 180 });
  });

  it.each<[object, Error]>([
    [{}, new TypeError('degrees must be an integer from 0 to 300, got undefined')],
    [{ degrees: 301 }, new RangeError('degrees must be an integer from 0 to 300, got 301')],
    [{ degrees: NaN }, new RangeError('degrees must be an integer from 0 to 300, got NaN')],
    [{ degrees: '7' }, new TypeError('degrees must be an integer from 0 to 300, got "7"')],
    [{ degrees: null }, new TypeError('degrees must be an integer from 0 to 300, got null')],
    [
      { degrees: 1, waitMs: 1.5 },
      new RangeError('waitMs must be an integer from 0 to 65535 ms, or Infinity, got 1.5'),
    ],
    [{ degrees: 1, door: 1 }, new TypeError('door must be true or false, got 1')],
    [{ degrees: 1, mode: 'fry' }, new RangeError('mode must be one of "grill", "bake", got "fry"')],
    [
      { degrees: 1, priority: 9 },
      new RangeError('priority must be one of 0 (Interactive), 1 (Balanced), 2 (Background), got 9'),
    ],
    [
      { degrees: 1, tag: -1n },
      new RangeError('tag must be a bigint from 0 to 18446744073709551615, got -1n'),
    ],
    [
      { degrees: 1, dishes: ['pie', 5] },
      new TypeError(
        'dishes must be a string that is not empty, or a list of such, got a list of 2 whose item 1 is 5',
      ),
    ],
    [{ degrees: 1, fan: { speed: -1 } }, new RangeError('fan.speed must be 0 or more, or Infinity, got -1')],
    [{ degrees: 1, fan: 5 }, new TypeError('fan must be an object with speed, got 5')],
    [{ degrees: 1, done: 'yes' }, new TypeError('done must be a function, got "yes"')],
    [{ degrees: 1, degres: 2 }, new TypeError('bake has no option "degres"; did you mean degrees?')],
    [{ degrees: 1, fan: { sped: 2 } }, new TypeError('fan has no option "sped"; did you mean speed?')],
    [{ degrees: 1, daar: 2 }, new TypeError('bake has no option "daar"; did you mean door?')],
    [
      { degrees: 1, floor: 2 },
      new TypeError(`bake has no option "floor"; it takes ${Object.keys(rules).join(', ')}`),
    ],
    [{ degrees: 1, fan: { path: 2 } }, new TypeError('fan has no option "path"; it takes speed')],
    [
      { degrees: 1, toString: 2 },
      new TypeError(`bake has no option "toString"; it takes ${Object.keys(rules).join(', ')}`),
    ],
  ])('that cannot be are named: %p', (given, error) => {
    expect(() => take(given)).toThrow(error);
    expect(() => take(given)).toThrow(error.constructor as never);
  });

  it.each([undefined, null, 5, 'text', [], Symbol('x')])('are an object, which %p is not', (given) => {
    expect(() => take(given)).toThrow(/^the options of bake must be an object, got /);
  });

  it('do not show a secret', () => {
    expect(() => take({ degrees: 1, key: 12345 })).toThrow(
      'key must be a Uint8Array or a string, got a number',
    );
    expect(() => take({ degrees: 1, key: { token: 'abc' } })).toThrow(/, got an object$/);
    expect(() => take({ degrees: 1, key: null })).toThrow(/, got null$/);
  });

  it('that cannot be read are named, too', () => {
    const broken = {
      get degrees(): number {
        throw new Error('not now');
      },
    };
    expect(() => take(broken)).toThrow('degrees cannot be read: not now');
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(() => take(revoked.proxy)).toThrow(/^bake cannot be read: /);
    const silent = new Proxy([], {
      get: () => {
        throw new Error('no');
      },
    });
    expect(() => take({ degrees: 1, dishes: silent })).toThrow(/^dishes must be .*, got an object$/);
  });

  it('have all a default where they are taken in part', () => {
    expect(takeOptions('bake', {}, partly(rules))).toEqual({});
  });
});

it.each([
  ['integer', integer(0, 300)],
  ['integerOrInfinity', integerOrInfinity(0, 300)],
  ['integerOrNone', integerOrNone(0, 300)],
])('takes a -0 as 0, which to some functions of Node is no integer: %s', (_, rule) => {
  expect(takeValue(-0, 'degrees', rule)).toBe(0);
});
