import { mobyDickParagraphs } from '../../../demo/model/moby-dick-text';
import { detokenize, tokenize } from '../../../demo/model/tokenizer';

const paragraphs = mobyDickParagraphs();
const startingWith = (start: string): string | undefined => paragraphs.find((text) => text.startsWith(start));

describe('mobyDickParagraphs', () => {
  it('is the whole book, from first to last', () => {
    expect(paragraphs[0]).toMatch(/^Call me Ishmael\. Some years ago—never mind how long precisely—/);
    expect(paragraphs.at(-1)).toMatch(/only found another orphan\.$/);
    expect(paragraphs.length).toBeGreaterThan(2300);
    expect(paragraphs.join('').length).toBeGreaterThan(1_150_000);
  });

  it('survives the tokenizer, every paragraph of it', () => {
    for (const text of paragraphs) {
      expect(detokenize(tokenize(text))).toBe(text);
    }
  });

  it('begins every paragraph with a sentence or a quotation', () => {
    expect(paragraphs.filter((text) => !/^“?’?[A-Z]/.test(text))).toEqual([]);
  });

  it.each([
    ['table of contents', /CHAPTER \d|^CONTENTS/],
    ['headings of the list of whales', /^BOOK |CHAPTER [IV]/],
    ['speakers', /SAILOR\./],
    ['tombstones', /SACRED TO/],
    ['stage directions of their own', /^[[(]/],
    ['title', /^Over Him\.$|^Epilogue/],
    ['footnote marks', /\*/],
    ['rows of dots', /\.\./],
    ['straight quotes', /["']/],
    ['verse', / {2}/],
  ])('has no %s', (_, pattern) => {
    expect(paragraphs.filter((text) => pattern.test(text))).toEqual([]);
  });

  it('keeps what follows a heading or a speaker', () => {
    expect(startingWith('This whale, among the English of old')).toContain('Physeter whale');
    expect(startingWith('Grand snoozing to-night, maty')).toBeDefined();
    expect(startingWith('Don’t know where it is.')).toBeDefined();
  });

  it('keeps footnotes as paragraphs', () => {
    expect(startingWith('I remember the first albatross I ever saw.')).toBeDefined();
  });

  it('drops quotation marks within quotations, and no apostrophe', () => {
    expect(startingWith('Who’s there? cries the Captain')).toBeDefined();
    expect(paragraphs.some((text) => text.includes('he likes ’em rare.'))).toBe(true);
    expect(paragraphs.some((text) => text.includes('’Twas a foolish, ignorant whim'))).toBe(true);
  });

  it('opens no quotation that nothing closes, but for a few', () => {
    const lost = paragraphs.filter(
      (text) => /“[^”]*$/.test(text) && text.startsWith('“') && !text.includes('”'),
    );
    expect(lost).toEqual([]);
    const unbalanced = paragraphs.filter((text) => text.split('“').length !== text.split('”').length);
    expect(unbalanced.length).toBeLessThan(paragraphs.length / 100);
  });
});
