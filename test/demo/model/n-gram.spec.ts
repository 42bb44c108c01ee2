import * as fc from 'fast-check';

import { NGramModel, type NGramOptions } from '../../../demo/model/n-gram';
import { seededRandom } from '../../../demo/model/random';

// After "a b": c twice, d once. After "b": c twice, d once, e once.
const CORPUS = 'a b c . a b d . a b c . x b e .'.split(' ');
const OPTIONS: NGramOptions = { order: 3, discount: 0.5, shortestContext: 1 };

/** How often each token is drawn after a context. */
function tally(
  model: NGramModel,
  context: string[],
  draws: number,
  temperature?: number,
): Map<string, number> {
  const random = seededRandom(42);
  const counts = new Map<string, number>();
  for (let at = 0; at < draws; at++) {
    const token = model.draw(context, random, temperature);
    counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return counts;
}

function chiSquared(counts: Map<string, number>, expected: Record<string, number>): number {
  const draws = [...counts.values()].reduce((a, b) => a + b);
  return Object.entries(expected).reduce(
    (sum, [token, share]) => sum + ((counts.get(token) ?? 0) - share * draws) ** 2 / (share * draws),
    0,
  );
}

/** Chance exceeds it once in a thousand, with two degrees of freedom. */
const CHI_SQUARED_2 = 13.8;

/** P(token | context) by the formula, counting afresh each time. */
function byTheFormula(
  corpus: string[],
  options: Required<NGramOptions>,
  context: string[],
  token: string,
): number {
  const size = corpus.length;
  const next: string[] = [];
  for (let at = 0; at < size; at++) {
    if (context.every((each, depth) => corpus[(at + depth) % size] === each)) {
      next.push(corpus[(at + context.length) % size] ?? '');
    }
  }
  const shorter = (): number => byTheFormula(corpus, options, context.slice(1), token);
  if (context.length >= options.order || next.length === 0) {
    return shorter();
  }
  const count = next.filter((each) => each === token).length;
  if (context.length <= options.shortestContext) {
    return count / next.length;
  }
  const backOff = (options.discount * new Set(next).size) / next.length;
  return Math.max(count - options.discount, 0) / next.length + (backOff > 0 ? backOff * shorter() : 0);
}

describe('NGramModel', () => {
  const model = new NGramModel(CORPUS, OPTIONS);

  it('knows its corpus', () => {
    expect(model.size).toBe(16);
    expect(model.contextLength).toBe(2);
    expect(model.vocabulary).toEqual(['a', 'b', 'c', '.', 'd', 'x', 'e']);
    expect(model.has('x')).toBe(true);
    expect(model.has('z')).toBe(false);
  });

  describe('probability', () => {
    it.each([
      ['c', 1.5 / 3 + (1 / 3) * (2 / 4)],
      ['d', 0.5 / 3 + (1 / 3) * (1 / 4)],
      ['e', (1 / 3) * (1 / 4)],
      ['x', 0],
      ['z', 0],
    ])('discounts what followed "a b" in favour of what followed "b": %s', (token, expected) => {
      expect(model.probability(['a', 'b'], token)).toBeCloseTo(expected, 12);
    });

    it('backs off to one token where two were never seen together', () => {
      for (const context of [['c', 'b'], ['z', 'b'], ['b']]) {
        expect(model.probability(context, 'c')).toBe(2 / 4);
        expect(model.probability(context, 'e')).toBe(1 / 4);
        expect(model.probability(context, 'a')).toBe(0);
      }
    });

    it('backs off to frequencies after an unknown token', () => {
      for (const context of [['b', 'z'], ['z'], []]) {
        expect(model.probability(context, 'b')).toBe(4 / 16);
        expect(model.probability(context, 'a')).toBe(3 / 16);
      }
    });

    it('looks no further back than its order', () => {
      expect(model.probability(['x', 'x', 'a', 'b'], 'c')).toBe(model.probability(['a', 'b'], 'c'));
    });

    it('reads the corpus as a ring', () => {
      const ring = new NGramModel(['a', 'b', 'c'], { order: 4, discount: 0 });
      expect(ring.probability(['b', 'c', 'a'], 'b')).toBe(1);
      expect(ring.probability(['c', 'a', 'b'], 'c')).toBe(1);
    });

    it('repeats the longest context alone without a discount', () => {
      const strict = new NGramModel(CORPUS, { ...OPTIONS, discount: 0 });
      expect(strict.probability(['a', 'b'], 'c')).toBe(2 / 3);
      expect(strict.probability(['a', 'b'], 'e')).toBe(0);
      expect(strict.probability(['c', 'b'], 'e')).toBe(1 / 4);
    });

    it('keeps its shortest context where that was seen, and drops it where it was not', () => {
      const kept = new NGramModel(CORPUS, { ...OPTIONS, shortestContext: 2 });
      expect(kept.probability(['a', 'b'], 'c')).toBe(2 / 3);
      expect(kept.probability(['a', 'b'], 'e')).toBe(0);
      expect(kept.probability(['c', 'b'], 'e')).toBe(1 / 4);
    });

    it('is the formula, and sums to 1, for any corpus, order, discount and context', () => {
      const token = fc.constantFrom('a', 'b', 'c', 'd');
      fc.assert(
        fc.property(
          fc.array(token, { minLength: 1, maxLength: 40 }),
          fc.record({
            order: fc.integer({ min: 2, max: 5 }),
            discount: fc.constantFrom(0, 0.3, 0.75, 1),
            shortestContext: fc.integer({ min: 1, max: 4 }),
          }),
          fc.array(fc.oneof(token, fc.constant('unknown')), { maxLength: 6 }),
          (corpus, options, context) => {
            const any = new NGramModel(corpus, options);
            let sum = 0;
            for (const each of any.vocabulary) {
              const probability = any.probability(context, each);
              expect(probability).toBeCloseTo(byTheFormula(corpus, options, context, each), 10);
              sum += probability;
            }
            expect(sum).toBeCloseTo(1, 10);
          },
        ),
      );
    });
  });

  describe('draw', () => {
    it('draws with the exact probabilities', () => {
      const counts = tally(model, ['a', 'b'], 30_000);
      expect([...counts.keys()].sort()).toEqual(['c', 'd', 'e']);
      expect(chiSquared(counts, { c: 2 / 3, d: 1 / 4, e: 1 / 12 })).toBeLessThan(CHI_SQUARED_2);
    });

    it('would notice other probabilities', () => {
      const counts = tally(model, ['a', 'b'], 30_000);
      expect(chiSquared(counts, { c: 0.65, d: 0.26, e: 0.09 })).toBeGreaterThan(CHI_SQUARED_2);
    });

    it('reaches what only the shorter context has by backing off, and not without a discount', () => {
      const strict = new NGramModel(CORPUS, { ...OPTIONS, discount: 0 });
      expect(tally(model, ['a', 'b'], 1000).has('e')).toBe(true);
      expect(tally(strict, ['a', 'b'], 1000).has('e')).toBe(false);
    });

    it('draws by frequency after an unknown token', () => {
      const rare = 1 / 16;
      const expected = { a: 3 / 16, b: 4 / 16, c: 2 / 16, '.': 4 / 16, d: rare, x: rare, e: rare };
      // 22.5: once in a thousand, with six degrees of freedom.
      expect(chiSquared(tally(model, ['b', 'unknown'], 30_000), expected)).toBeLessThan(22.5);
    });

    it('squares the odds of every choice at temperature 1/2', () => {
      // Back off, c, d after "a b": 1, 1.5, 0.5 of 3. Then c, d, e after "b": 2, 1, 1 of 4.
      const backOff = 1 / (1 + 2.25 + 0.25);
      const expected = { c: 2.25 / 3.5 + (backOff * 4) / 6, d: 0.25 / 3.5 + backOff / 6, e: backOff / 6 };
      expect(chiSquared(tally(model, ['a', 'b'], 30_000, 0.5), expected)).toBeLessThan(CHI_SQUARED_2);
    });

    it('always takes the likeliest at a temperature near 0', () => {
      expect([...tally(model, ['a', 'b'], 1000, 1e-4).keys()]).toEqual(['c']);
    });

    it('evens out the choices at a high temperature', () => {
      // Three equal choices, then three again.
      const expected = { c: 1 / 3 + 1 / 9, d: 1 / 3 + 1 / 9, e: 1 / 9 };
      expect(chiSquared(tally(model, ['a', 'b'], 30_000, 1e6), expected)).toBeLessThan(CHI_SQUARED_2);
    });

    it('repeats itself for a seed', () => {
      const draws = (): string[] => {
        const random = seededRandom(3);
        return Array.from({ length: 50 }, () => model.draw(['b'], random));
      };
      expect(draws()).toEqual(draws());
    });

    it('says the only token it knows', () => {
      expect(new NGramModel(['Aye']).draw(['what'], seededRandom(1))).toBe('Aye');
    });
  });

  it.each([
    ['no tokens', () => new NGramModel([]), /at least one token/],
    ['an order of 1', () => new NGramModel(CORPUS, { order: 1 }), /order .* not 1$/],
    ['a broken order', () => new NGramModel(CORPUS, { order: 2.5 }), /order .* not 2.5$/],
    ['a negative discount', () => new NGramModel(CORPUS, { discount: -0.1 }), /discount .* not -0.1$/],
    ['a discount above 1', () => new NGramModel(CORPUS, { discount: 1.1 }), /discount .* not 1.1$/],
    ['a discount that is no number', () => new NGramModel(CORPUS, { discount: NaN }), /discount .* not NaN$/],
    ['a shortest context of 0', () => new NGramModel(CORPUS, { shortestContext: 0 }), /context .* not 0$/],
    ['a temperature of 0', () => model.draw(['a'], seededRandom(1), 0), /temperature .* not 0$/],
  ])('refuses %s', (_, act, message) => {
    expect(act).toThrow(RangeError);
    expect(act).toThrow(message);
  });
});
