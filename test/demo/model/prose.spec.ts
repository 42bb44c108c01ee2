import { Prose } from '../../../demo/model/prose';
import { PARAGRAPH, tokenize } from '../../../demo/model/tokenizer';

const after = (text: string): Prose => {
  const prose = new Prose();
  tokenize(text).forEach((token) => prose.take(token));
  return prose;
};

describe('Prose', () => {
  it.each([
    ['', 'the', 'The'],
    ['“', 'the', 'The'],
    ['The', 'whale', ' whale'],
    ['The whale', ',', ','],
    ['The whale.', 'it', ' It'],
    ['The whale. (', '’tis', '’Tis'],
    ['“Aye.”', 'said', ' said'],
    ['The whale!', 'ha', ' ha'],
  ])('after %j, sets %j as %j', (text, token, piece) => {
    expect(after(text).take(token)).toBe(piece);
  });

  it('sets a paragraph before its first token', () => {
    const prose = after('The whale');
    expect(prose.take(PARAGRAPH)).toBeUndefined();
    expect(prose.take('“')).toBe('\n\n“');
    expect(prose.take('aye')).toBe('Aye');
  });

  it('sets no space where one was written', () => {
    const prose = after('The');
    prose.takeSpace();
    expect(prose.take('whale')).toBe('whale');
    expect(prose.take('is')).toBe(' is');
  });

  it.each([
    ['The whale', false],
    ['The whale.', true],
    ['The whale!', true],
    ['The whale?', true],
    ['The whale;', false],
    ['“The whale.”', true],
    ['(“The whale!”)', true],
    ['The whale.—', false],
    ['The whale. It', false],
  ])('knows whether a sentence has ended: %j', (text, ended) => {
    expect(after(text).sentenceEnded).toBe(ended);
  });

  it('ends a sentence for good when the paragraph ends', () => {
    const prose = after('The whale.');
    prose.take(PARAGRAPH);
    expect(prose.sentenceEnded).toBe(true);
  });

  describe('keeps pairs:', () => {
    it.each([
      ['', undefined, '“(', '”)'],
      ['“Aye', '”', '(”', '“)'],
      ['(aye', ')', '“)', '(”'],
      ['“Aye (no', ')', ')', '“”('],
      ['“Aye (no)', '”', '(”', '“)'],
      ['“Aye”', undefined, '“(', '”)'],
    ])('after %j closes with %j, allows %s and not %s', (text, closer, allowed, others) => {
      const prose = after(text);
      expect(prose.closer).toBe(closer);
      expect([...allowed].filter((token) => prose.allows(token))).toEqual([...allowed]);
      expect([...others].filter((token) => prose.allows(token))).toEqual([]);
    });

    it('passes over what is not allowed', () => {
      const prose = after('The whale.');
      expect(prose.take('”')).toBeUndefined();
      expect(prose.sentenceEnded).toBe(true);
      expect(prose.closer).toBeUndefined();
      expect(prose.take('it')).toBe(' It');
    });
  });
});
