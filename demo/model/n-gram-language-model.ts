import type { Observable, SchedulerLike } from 'rxjs';

import { generateText } from './generate-text';
import type { GenerateOptions } from './language-model';
import { type NGramModel, requireTemperature } from './n-gram';
import { paced } from './paced';

/** How an n-gram model speaks. */
export interface NGramLanguageModelOptions {
  /** Tokens a second, at most 1000; 0 for as fast as the subscriber takes them. Default 60. */
  readonly tokensPerSecond?: number;
  /** Above 0: below 1 says the expected, above 1 the unexpected. Default 0.8. */
  readonly temperature?: number;
  /** The clock of the pace. Default rxjs's asyncScheduler. */
  readonly scheduler?: SchedulerLike;
}

/**
 * An n-gram model as a {@link LanguageModel}, slowed down to the pace of a large one.
 *
 * @throws RangeError when an option is out of its range.
 *
 * @example
 * const model = nGramLanguageModel(mobyDick().model, { tokensPerSecond: 20 });
 * model('Call me', { seed: 1, maxTokens: 100 }).subscribe((piece) => process.stdout.write(piece));
 */
export function nGramLanguageModel(
  model: NGramModel,
  options: NGramLanguageModelOptions = {},
): (prompt: string, options: GenerateOptions) => Observable<string> {
  const { tokensPerSecond = 60, temperature = 0.8, scheduler } = options;
  requireTemperature(temperature);
  const pace = paced(tokensPerSecond, scheduler);
  return (prompt, { seed, maxTokens }) => pace(generateText(model, prompt, { seed, maxTokens, temperature }));
}
