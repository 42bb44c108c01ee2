import * as fc from 'fast-check';
import { compileMatcher, interpretMatcher } from '../../../src/wire/codec/pattern';

const patterns = fc.uint8Array({ minLength: 1, maxLength: 70 });

describe.each([
  ['compiled', compileMatcher],
  ['interpreted', interpretMatcher],
])('a matcher, %s', (_, create) => {
  it('takes the pattern, whatever follows it', () => {
    fc.assert(
      fc.property(patterns, fc.uint8Array(), (pattern, rest) => {
        const matches = create(pattern);
        expect(matches(pattern)).toBe(true);
        expect(matches(Uint8Array.of(...pattern, ...rest))).toBe(true);
      }),
    );
  });

  it('takes nothing that is shorter, or differs in a bit', () => {
    fc.assert(
      fc.property(patterns, fc.nat(), fc.nat({ max: 7 }), (pattern, index, bit) => {
        const matches = create(pattern);
        const changed = pattern.slice();
        changed[index % pattern.length]! ^= 1 << bit;
        expect(matches(changed)).toBe(false);
        expect(matches(pattern.subarray(0, index % pattern.length))).toBe(false);
      }),
    );
  });

  it('looks at no hole', () => {
    fc.assert(
      fc.property(patterns, fc.array(fc.nat({ max: 69 })), fc.nat(), (pattern, holes, index) => {
        const at = index % pattern.length;
        const changed = pattern.slice();
        changed[at]! ^= 0xff;
        expect(create(pattern, holes)(changed)).toBe(holes.includes(at));
        expect(create(pattern, [...pattern.keys()])(changed)).toBe(true);
      }),
    );
  });
});
