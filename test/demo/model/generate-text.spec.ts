import { generateText, type SampleOptions } from '../../../demo/model/generate-text';
import { mobyDick } from '../../../demo/model/moby-dick';
import { NGramModel } from '../../../demo/model/n-gram';
import { PARAGRAPH, tokenize } from '../../../demo/model/tokenizer';

const { model } = mobyDick();

const train = (text: string): NGramModel => new NGramModel([...tokenize(text), PARAGRAPH], { discount: 0 });
const text = (from: NGramModel, prompt: string, options: SampleOptions): string =>
  [...generateText(from, prompt, options)].join('');

const PROMPTS = [
  '',
  'The whale',
  'Who is Ahab?',
  '"Where away?" cried',
  'He said: "I',
  'zzyzx qwrtp',
  'A (small',
  'the sea ',
];
const SAMPLES = PROMPTS.flatMap((prompt) =>
  Array.from({ length: 40 }, (_, seed) => {
    const pieces = [...generateText(model, prompt, { seed, maxTokens: 100 })];
    return { prompt, seed, pieces, whole: prompt + pieces.join('') };
  }),
);

describe('generateText', () => {
  it('gives one text for a seed and a prompt, and others for others', () => {
    const options = { seed: 1, maxTokens: 60 };
    expect(text(model, 'The whale', options)).toBe(text(model, 'The whale', options));
    const texts = Array.from({ length: 20 }, (_, seed) => text(model, 'The whale', { ...options, seed }));
    expect(new Set(texts).size).toBe(20);
  });

  it('can be iterated again', () => {
    const pieces = generateText(model, 'The whale', { seed: 1, maxTokens: 60 });
    expect([...pieces]).toEqual([...pieces]);
  });

  it('does not fall in step with the texts of other prompts', () => {
    const prompts = ['the whale', 'the ship', 'the sea', 'a man', 'in the', 'of his', 'and then', 'said he'];
    const ends = prompts.map((prompt) =>
      [...generateText(model, prompt, { seed: 1, maxTokens: 300, minTokens: 300 })].slice(-10).join(''),
    );
    expect(new Set(ends).size).toBe(prompts.length);
  });

  it('continues the prompt with what followed it in the corpus', () => {
    const tiny = train('Call me Ishmael. The sea is wide.');
    expect(text(tiny, 'Call me', { seed: 1, maxTokens: 10, minTokens: 1 })).toBe(' Ishmael.');
    expect(text(tiny, 'The sea', { seed: 1, maxTokens: 10, minTokens: 1 })).toBe(' is wide.');
  });

  it('begins a paragraph where there is no prompt', () => {
    expect(text(train('Call me Ishmael.'), '', { seed: 1, maxTokens: 4, minTokens: 4 })).toBe(
      'Call me Ishmael.',
    );
  });

  it.each([
    ['other capitals', 'the SEA'],
    ['the same ending', 'a chelsea'],
    ['unknown words before known ones', 'qwrtp sea'],
  ])('finds the nearest context for %s', (_, prompt) => {
    const tiny = train('Call me Ishmael. Some ships sail. The sea is wide.');
    expect(text(tiny, prompt, { seed: 1, maxTokens: 10, minTokens: 1 })).toBe(' is wide.');
  });

  it('goes on after a word unlike any other', () => {
    const pieces = [...generateText(model, '鯨', { seed: 1, maxTokens: 30 })];
    expect(pieces.length).toBeGreaterThanOrEqual(15);
  });

  it('adds no space to a prompt that ends in one', () => {
    expect(text(train('Call me Ishmael.'), 'Call me ', { seed: 1, maxTokens: 2 })).toBe('Ishmael.');
  });

  describe('ends', () => {
    it('with a sentence between minTokens and maxTokens, or at maxTokens', () => {
      let cut = 0;
      for (const { pieces } of SAMPLES) {
        expect(pieces.length).toBeLessThanOrEqual(100);
        if (pieces.length < 100) {
          expect(pieces.join('')).toMatch(/[.!?][”)]*$/);
          expect(pieces.length).toBeGreaterThan(40);
        } else {
          cut++;
        }
      }
      expect(cut).toBeLessThan(SAMPLES.length / 10);
    });

    it.each([0, 1, 7])('at maxTokens %i in the midst of a sentence', (maxTokens) => {
      const endless = train('on and on and on and');
      expect([...generateText(endless, 'on', { seed: 1, maxTokens })]).toHaveLength(maxTokens);
    });

    it('where the model has nothing more to say', () => {
      expect([...generateText(new NGramModel([PARAGRAPH]), 'on', { seed: 1, maxTokens: 100 })]).toEqual([]);
      expect([...generateText(new NGramModel(['”']), 'on', { seed: 1, maxTokens: 100 })]).toEqual([]);
    });

    it('not before it has begun', () => {
      const tiny = train('One. Two. Three. Four.');
      expect(text(tiny, 'One.', { seed: 1, maxTokens: 20, minTokens: 0 })).toBe(' Two.');
    });

    it('at the first sentence end from minTokens on', () => {
      const tiny = train('One. Two. Three. Four.');
      const lengths = [1, 2, 3, 4, 5].map(
        (minTokens) => [...generateText(tiny, '', { seed: 1, maxTokens: 20, minTokens })].length,
      );
      expect(lengths).toEqual([2, 2, 4, 4, 6]);
    });

    it('at a semicolon, written as a full stop, once there are enough tokens', () => {
      const tiny = train('The sea; the sky; the wind; the rain; the');
      expect(text(tiny, '', { seed: 1, maxTokens: 20, minTokens: 4 })).toBe('The sea; the sky.');
    });

    it('after closing what is open', () => {
      const tiny = train('“Aye. Aye. Aye. Aye. (Aye. Aye.');
      expect(text(tiny, '(“Aye', { seed: 1, maxTokens: 40, minTokens: 1 })).toMatch(/^\.(.*\.)?”\)$/);
    });
  });

  describe('reads well:', () => {
    it('every piece is one token after its spacing', () => {
      const odd = SAMPLES.flatMap(({ pieces }) => pieces).filter((piece) => !/^(?: |\n\n)?\S+$/.test(piece));
      expect(odd).toEqual([]);
    });

    it.each([
      ['pair of spaces', / {2}/],
      ['space before punctuation', / [,.;:!?)”]/],
      ['space after an opening', /[“(] /],
      ['space around a line end', / \n|\n /],
      ['second empty line', /\n{3}/],
      ['empty quotation', /“”/],
      ['straight quote', /["']/],
      ['footnote mark', /\*/],
      ['heading', /CHAPTER|BOOK I|SAILOR\./],
    ])('no %s', (_, pattern) => {
      for (const { pieces } of SAMPLES) {
        expect(pieces.join('')).not.toMatch(pattern);
      }
    });

    it('quotations and brackets close as they opened, those of the prompt included', () => {
      for (const { pieces, whole } of SAMPLES) {
        const open: string[] = [];
        for (const token of tokenize(whole)) {
          if (token === '“' || token === '(') {
            expect(open).not.toContain(token);
            open.push(token);
          } else if (token === '”' || token === ')') {
            expect(open.pop()).toBe(token === '”' ? '“' : '(');
          } else if (token === PARAGRAPH) {
            expect(open).toEqual([]);
          }
        }
        expect(pieces.length < 100 ? open : []).toEqual([]);
      }
    });

    it('paragraphs begin with a capital', () => {
      const paragraphs = SAMPLES.flatMap(({ pieces }) => pieces.join('').split(PARAGRAPH).slice(1));
      expect(paragraphs.length).toBeGreaterThan(100);
      for (const paragraph of paragraphs) {
        expect(paragraph).toMatch(/^[“(]*’?[A-Z]/);
      }
    });

    it('a closing mark with nothing to close gives way to what else may follow', () => {
      const tiny = train('Aye” said he. Aye, said he.');
      for (let seed = 0; seed < 20; seed++) {
        expect(text(tiny, 'he Aye', { seed, maxTokens: 3 })).toBe(', said he');
      }
    });

    it('a closing mark that alone may follow is passed over', () => {
      expect(text(train('Aye” said he.'), 'Aye', { seed: 1, maxTokens: 3 })).toBe(' said he.');
    });

    it('two words never meet that do not in the book', () => {
      let met = 0;
      for (const { pieces } of SAMPLES) {
        pieces.slice(1).forEach((piece, at) => {
          const before = (pieces[at] ?? '').trim();
          const after = piece.trim();
          if (/^[a-z]+$/.test(before) && /^[a-z]+$/.test(after)) {
            met++;
            expect(model.probability([before], after)).toBeGreaterThan(0);
          }
        });
      }
      expect(met).toBeGreaterThan(5000);
    });
  });

  describe('is lazy:', () => {
    const spied = train('on and on and on and');
    const draw = jest.spyOn(spied, 'draw');

    beforeEach(() => draw.mockClear());

    it('draws a token when it is asked for, and no more once it is returned', () => {
      const iterator = generateText(spied, 'on', { seed: 1, maxTokens: 1000 })[Symbol.iterator]();
      expect(draw).toHaveBeenCalledTimes(0);
      iterator.next();
      iterator.next();
      iterator.next();
      expect(draw).toHaveBeenCalledTimes(3);
      iterator.return?.();
      expect(iterator.next()).toEqual({ done: true, value: undefined });
      expect(draw).toHaveBeenCalledTimes(3);
    });
  });
});
