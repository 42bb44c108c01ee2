import { mobyDickParagraphs } from './moby-dick-text';
import { NGramModel } from './n-gram';
import { PARAGRAPH, tokenize } from './tokenizer';

/** A model trained on the whole of Moby-Dick. */
export interface MobyDick {
  readonly model: NGramModel;
  /** Milliseconds it took to read the book and train on it. */
  readonly trainingMs: number;
}

let trained: MobyDick | undefined;

/**
 * The model, trained at the first call and kept.
 *
 * @example
 * const { model, trainingMs } = mobyDick();
 * console.log(`${model.size} tokens in ${trainingMs.toFixed()} ms`);
 */
export function mobyDick(): MobyDick {
  trained ??= train();
  return trained;
}

function train(): MobyDick {
  const start = performance.now();
  const model = new NGramModel(mobyDickParagraphs().flatMap((text) => [...tokenize(text), PARAGRAPH]));
  return { model, trainingMs: performance.now() - start };
}
