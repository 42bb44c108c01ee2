import { mobyDick } from '../../../demo/model/moby-dick';

describe('mobyDick', () => {
  const trained = mobyDick();

  it('trains once', () => {
    expect(mobyDick()).toBe(trained);
  });

  it('says how long it took', () => {
    expect(trained.trainingMs).toBeGreaterThan(0);
    expect(trained.trainingMs).toBeLessThan(performance.now());
  });

  it('has read the book', () => {
    const { model } = trained;
    expect(model.size).toBeGreaterThan(240_000);
    expect(model.vocabulary.length).toBeGreaterThan(19_000);
    expect(model.probability(['Call', 'me'], 'Ishmael')).toBeGreaterThan(0.5);
    expect(model.probability(['the', 'White'], 'Whale')).toBeGreaterThan(0.5);
    expect(model.probability(['the'], 'sea')).toBeGreaterThan(model.probability(['the'], 'carpenter'));
  });
});
