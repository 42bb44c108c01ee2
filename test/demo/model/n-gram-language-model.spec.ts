import { TestScheduler } from 'rxjs/testing';

import { generateText } from '../../../demo/model/generate-text';
import type { LanguageModel } from '../../../demo/model/language-model';
import { NGramModel } from '../../../demo/model/n-gram';
import { nGramLanguageModel } from '../../../demo/model/n-gram-language-model';
import { PARAGRAPH, tokenize } from '../../../demo/model/tokenizer';

const model = new NGramModel([
  ...tokenize('Call me Ishmael. Some years ago I sailed. Some ships sank.'),
  PARAGRAPH,
]);
const OPTIONS = { seed: 3, maxTokens: 12 };

const inVirtualTime = (run: Parameters<TestScheduler['run']>[0]): void => {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run);
};

describe('nGramLanguageModel', () => {
  it('is a language model', () => {
    const languageModel: LanguageModel = nGramLanguageModel(model);
    expect(languageModel).toHaveLength(2);
  });

  it('emits the text of the n-gram model', () => {
    const pieces: string[] = [];
    nGramLanguageModel(model, { tokensPerSecond: 0, temperature: 1.5 })('Some', OPTIONS).subscribe((piece) =>
      pieces.push(piece),
    );
    expect(pieces).toEqual([...generateText(model, 'Some', { ...OPTIONS, temperature: 1.5 })]);
    expect(pieces.length).toBeGreaterThan(2);
  });

  it('paces it', () => {
    inVirtualTime(({ expectObservable }) => {
      const text$ = nGramLanguageModel(model, { tokensPerSecond: 50 })('Call me', { seed: 1, maxTokens: 2 });
      expectObservable(text$).toBe('a 19ms b 19ms |', { a: ' Ishmael', b: '.' });
    });
  });

  it('emits sixty tokens a second unless told', () => {
    inVirtualTime(({ expectObservable, cold, flush }) => {
      const endless = new NGramModel(['on', 'and']);
      let count = 0;
      const text$ = nGramLanguageModel(endless)('on', { seed: 1, maxTokens: 1000 });
      const subscription = text$.subscribe(() => count++);
      const stop$ = cold('995ms s');
      stop$.subscribe(() => subscription.unsubscribe());
      expectObservable(stop$).toBe('995ms s');
      flush();
      expect(count).toBe(60);
    });
  });

  it('draws nothing before it is due, and nothing after it is unsubscribed', () => {
    inVirtualTime(({ expectObservable, flush }) => {
      const endless = new NGramModel(['on', 'and']);
      const draw = jest.spyOn(endless, 'draw');
      const text$ = nGramLanguageModel(endless, { tokensPerSecond: 100 })('on', { seed: 1, maxTokens: 1000 });
      expect(draw).toHaveBeenCalledTimes(0);
      expectObservable(text$, '15ms !').toBe('a 9ms b', { a: ' and', b: ' on' });
      flush();
      expect(draw).toHaveBeenCalledTimes(2);
    });
  });

  it('refuses options out of their range before any prompt', () => {
    expect(() => nGramLanguageModel(model, { temperature: 0 })).toThrow(/temperature .* not 0$/);
    expect(() => nGramLanguageModel(model, { tokensPerSecond: -1 })).toThrow(/pace .* not -1$/);
  });
});
