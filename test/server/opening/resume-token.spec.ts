import crypto from 'node:crypto';
import {
  hashToken,
  matchToken,
  MIN_TOKEN_BYTES,
  rotate,
  systemRandom,
  type SessionTokens,
} from '../../../src/server/opening/resume-token';

const [first, second, third] = [1, 2, 3].map((value) => new Uint8Array(24).fill(value)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const fresh: SessionTokens = { current: hashToken(first), previous: undefined, former: [] };

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a resume token', () => {
  it('is random and of the length that is asked for', () => {
    expect(systemRandom(24)).toHaveLength(24);
    expect(Buffer.from(systemRandom(24)).equals(Buffer.from(systemRandom(24)))).toBe(false);
    expect(MIN_TOKEN_BYTES).toBeGreaterThanOrEqual(16);
  });

  it('is kept as a hash that does not contain it', () => {
    const hash = Buffer.from(hashToken(first));
    expect(hash).toHaveLength(32);
    expect(hash.toString('hex')).toBe(crypto.createHash('sha256').update(first).digest('hex'));
    expect(hash.includes(Buffer.from(first).subarray(0, 4))).toBe(false);
  });

  it('is known again by its hash alone', () => {
    expect(matchToken(first.slice(), fresh)).toBe('current');
    expect(matchToken(second, fresh)).toBeUndefined();
  });

  it.each([
    ['shorter', first.subarray(0, 23)],
    ['longer', Uint8Array.of(...first, 1)],
    ['different in its last bit', Uint8Array.of(...first.subarray(0, 23), 0)],
    ['empty', new Uint8Array(0)],
    ['the hash itself', hashToken(first)],
  ])('is wrong where it is %s', (_, token) => {
    expect(matchToken(token, fresh)).toBeUndefined();
    expect(
      matchToken(token, { ...fresh, current: hashToken(second), previous: hashToken(third) }),
    ).toBeUndefined();
  });

  it('is none of an unknown session, not even where it is empty', () => {
    expect(matchToken(first, undefined)).toBeUndefined();
    expect(matchToken(new Uint8Array(0), undefined)).toBeUndefined();
    expect(matchToken(new Uint8Array(0), fresh)).toBeUndefined();
  });

  it('changes at each resume, and the one before stays good', () => {
    const rotated = rotate(fresh, 'current', second, 'client');
    expect(matchToken(second, rotated)).toBe('current');
    expect(matchToken(first, rotated)).toBe('previous');
    const again = rotate(rotated, 'current', third, 'client');
    expect(matchToken(third, again)).toBe('current');
    expect(matchToken(second, again)).toBe('previous');
    expect(matchToken(first, again)).toBeUndefined();
  });

  it('stays good where the client never hears of the next, however often', () => {
    let pair = rotate(fresh, 'current', second, 'client');
    pair = rotate(pair, 'previous', third, 'client');
    expect(matchToken(first, pair)).toBe('previous');
    expect(matchToken(second, pair)).toBeUndefined();
    expect(matchToken(third, pair)).toBe('current');
  });

  it('is known as a former one where a ticket has taken the session, until the next ticket does', () => {
    // Of its client it may be either.
    const rotated = rotate(fresh, 'current', second, 'client');
    const taken = rotate(rotated, 'current', third, 'ticket');
    expect(matchToken(first, taken)).toBe('former');
    // The ticket may come again: whether its ack has arrived is not known.
    expect(matchToken(second, taken)).toBe('previous');
    const fourth = new Uint8Array(24).fill(4);
    const again = rotate(taken, 'current', fourth, 'client');
    expect([first, second, third].map((token) => matchToken(token, again))).toEqual([
      'former',
      'former',
      'previous',
    ]);
    const next = rotate(again, 'current', new Uint8Array(24).fill(5), 'ticket');
    expect([first, second, third].map((token) => matchToken(token, next))).toEqual([
      undefined,
      undefined,
      'former',
    ]);
  });

  it.each<[string, Uint8Array, SessionTokens | undefined]>([
    ['the right one', first, fresh],
    ['the one before', first, rotate(fresh, 'current', second, 'client')],
    ['a former one', first, { ...fresh, current: hashToken(second), former: [hashToken(first)] }],
    ['a wrong one', third, rotate(fresh, 'current', second, 'client')],
    ['an empty one', new Uint8Array(0), fresh],
    ['one of an unknown session', first, undefined],
    ['an empty one of an unknown session', new Uint8Array(0), undefined],
  ])('costs one hash and four comparisons: %s', (_, token, pair) => {
    const hashes = jest.spyOn(crypto, 'createHash');
    const comparisons = jest.spyOn(crypto, 'timingSafeEqual');
    matchToken(token, pair);
    expect(hashes).toHaveBeenCalledTimes(1);
    expect(comparisons).toHaveBeenCalledTimes(4);
    for (const [left, right] of comparisons.mock.calls) {
      expect([left.byteLength, right.byteLength]).toEqual([32, 32]);
    }
  });
});
