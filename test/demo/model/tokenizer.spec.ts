import * as fc from 'fast-check';

import { curlQuotes, detokenize, PARAGRAPH, spacing, tokenize } from '../../../demo/model/tokenizer';

describe('tokenize', () => {
  it.each([
    ['words and punctuation', 'Call me Ishmael.', ['Call', 'me', 'Ishmael', '.']],
    ['quotations', '"Aye," said I, "no."', ['“', 'Aye', ',', '”', 'said', 'I', ',', '“', 'no', '.', '”']],
    ['elisions', "'Tis goin' fast; don't.", ['’Tis', 'goin’', 'fast', ';', 'don’t', '.']],
    ['compounds', 'a sou’-wester mast-head', ['a', 'sou’-wester', 'mast-head']],
    ['dashes', 'No!—well—yes', ['No', '!', '—', 'well', '—', 'yes']],
    [
      'abbreviations',
      'Mr. Flask saw St. Jago in A.D. 1851.',
      ['Mr.', 'Flask', 'saw', 'St.', 'Jago', 'in', 'A.D.', '1851', '.'],
    ],
    ['numbers', 'L1,000,000, the 275th, of 2000', ['L1,000,000', ',', 'the', '275th', ',', 'of', '2000']],
    ['paragraphs', 'One.\n \nTwo.', ['One', '.', PARAGRAPH, 'Two', '.']],
    ['single line ends as spaces', 'One\ntwo', ['One', 'two']],
    ['other scripts', 'Ça—naïve 鯨', ['Ça', '—', 'naïve', '鯨']],
    ['nothing', ' \n\n ', []],
  ])('splits %s', (_, text, tokens) => {
    expect(tokenize(text)).toEqual(tokens);
  });

  it('loses no character but white space, whatever the text', () => {
    const withoutSpace = (text: string): string => text.replace(/\s/g, '');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(withoutSpace(tokenize(text).join(''))).toBe(withoutSpace(curlQuotes(text)));
      }),
    );
  });

  it('makes no token empty, or with white space in it but for the paragraph', () => {
    const piece = fc.constantFrom(
      'Mr',
      'etc',
      'a',
      'B',
      '7',
      '.',
      ',',
      "'",
      '"',
      '-',
      '—',
      ' ',
      '\n',
      '\n\n',
      '(',
      ')',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        for (const token of tokenize(pieces.join(''))) {
          expect(token === PARAGRAPH || /^\S+$/.test(token)).toBe(true);
        }
      }),
    );
  });
});

describe('detokenize', () => {
  it('is undone by tokenize, for any sequence of words and marks', () => {
    const token = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          'whale',
          'The',
          'sailors’',
          '’tis',
          'mast-head',
          'Mr.',
          'A.D.',
          '1,000',
          '21st',
        ),
      },
      { weight: 2, arbitrary: fc.constantFrom(',', '.', ';', ':', '!', '?', '“', '”', '(', ')', '—') },
    );
    const paragraph = fc.array(token, { minLength: 1 });
    fc.assert(
      fc.property(fc.array(paragraph, { minLength: 1 }), (paragraphs) => {
        const tokens = paragraphs.flatMap((each, index) => (index === 0 ? each : [PARAGRAPH, ...each]));
        expect(tokenize(detokenize(tokens))).toEqual(tokens);
      }),
    );
  });

  it('gives back text that is spaced as books are', () => {
    const text = '“Aye,” said Mr. Stubb (who was there)—“aye! ’tis he.”\n\nHe paid $4,000; no more?';
    expect(detokenize(tokenize(text))).toBe(text);
  });
});

describe('curlQuotes', () => {
  it.each([
    ['"Aye," he said.', '“Aye,” he said.'],
    ['he said—"aye!"', 'he said—“aye!”'],
    ['"I think that—"', '“I think that—”'],
    ['("so called")', '(“so called”)'],
    ["'em don't sailors'", '’em don’t sailors’'],
  ])('turns %s into %s', (straight, curly) => {
    expect(curlQuotes(straight)).toBe(curly);
  });
});

describe('spacing', () => {
  it.each([
    [undefined, 'Call', ''],
    ['Call', 'me', ' '],
    ['me', '.', ''],
    [',', '“', ' '],
    ['“', 'Aye', ''],
    ['”', 'said', ' '],
    ['—', 'well', ''],
    ['.', PARAGRAPH, ''],
    [PARAGRAPH, '“', PARAGRAPH],
  ])('after %j, puts before %j: %j', (previous, token, expected) => {
    expect(spacing(previous, token)).toBe(expected);
  });
});
