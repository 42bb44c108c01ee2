import { firstValueFrom, from, Observable, of, toArray } from 'rxjs';

import type { LanguageModel } from '../../../demo/model/language-model';

const collect = (model: LanguageModel): Promise<string[]> =>
  firstValueFrom(from(model('one two three', { seed: 1, maxTokens: 2 })).pipe(toArray()));

describe('a LanguageModel', () => {
  it('is a function to an observable', async () => {
    const model: LanguageModel = (prompt, { maxTokens }) => of(...prompt.split(' ').slice(0, maxTokens));
    await expect(collect(model)).resolves.toEqual(['one', 'two']);
  });

  it('is an async generator', async () => {
    const model: LanguageModel = async function* (prompt, { maxTokens }) {
      for (const word of prompt.split(' ').slice(0, maxTokens)) {
        yield await Promise.resolve(word);
      }
    };
    await expect(collect(model)).resolves.toEqual(['one', 'two']);
  });

  it('is an async function, where all comes at once', async () => {
    const model: LanguageModel = async (prompt) => Promise.resolve(prompt.toUpperCase());
    await expect(collect(model)).resolves.toEqual(['ONE TWO THREE']);
  });

  it('stops an async generator at its next piece, and an observable at once', async () => {
    const log: string[] = [];
    let deliver = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      const generator: LanguageModel = async function* () {
        try {
          await new Promise<void>((delivered) => {
            deliver = delivered;
          });
          log.push('delivered');
          yield 'late';
          log.push('asked for more');
        } finally {
          log.push('generator closed');
          resolve();
        }
      };
      from(generator('', { seed: 1, maxTokens: 9 }))
        .subscribe((piece) => log.push(piece))
        .unsubscribe();
    });
    const observable: LanguageModel = () => new Observable<string>(() => () => log.push('observable closed'));
    from(observable('', { seed: 1, maxTokens: 9 }))
      .subscribe()
      .unsubscribe();

    expect(log).toEqual(['observable closed']);
    deliver();
    await ended;
    expect(log).toEqual(['observable closed', 'delivered', 'generator closed']);
  });
});
