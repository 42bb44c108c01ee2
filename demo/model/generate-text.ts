import type { GenerateOptions } from './language-model';
import type { NGramModel } from './n-gram';
import { Prose } from './prose';
import { seededRandom } from './random';
import { PARAGRAPH, tokenize } from './tokenizer';

/** How one text is sampled. */
export interface SampleOptions extends GenerateOptions {
  /**
   * The text ends with the first sentence that ends after this many tokens or more. Default half of
   * `maxTokens`.
   */
  readonly minTokens?: number;
  /** Above 0; see {@link NGramModel.draw}. Default 0.8. */
  readonly temperature?: number;
}

/** How often a quotation mark or bracket without its partner is drawn again before it is passed over. */
const REDRAWS = 16;

/** How many tokens in a row may leave nothing to read before the model is taken to have no more to say. */
const MOST_PASSED_OVER = 16;

/**
 * Continues `prompt` with tokens drawn from the model, each with the spacing before it. Lazy: a token is
 * drawn when it is asked for. Every iteration gives the same text.
 *
 * Quotations and brackets are closed as they were opened, and the text ends with a sentence unless
 * `maxTokens` cuts it short.
 *
 * @example
 * [...generateText(model, 'Call me', { seed: 1, maxTokens: 2 })]; // [' Ishmael', '.']
 */
export function generateText(model: NGramModel, prompt: string, options: SampleOptions): Iterable<string> {
  return { [Symbol.iterator]: () => drawText(model, prompt, options) };
}

function* drawText(
  model: NGramModel,
  prompt: string,
  { seed, maxTokens, minTokens = maxTokens / 2, temperature = 0.8 }: SampleOptions,
): Generator<string, void, undefined> {
  // With the seed alone, texts of different prompts meet in one word and are the same from there on.
  const random = seededRandom(seed ^ hash(prompt));
  const said = tokenize(prompt);
  const context = [PARAGRAPH, ...said].slice(-model.contextLength);
  const history = context.map((token) => nearestKnown(model, token));
  const prose = new Prose();
  said.forEach((token) => prose.take(token));
  if (/\s$/.test(prompt)) {
    prose.takeSpace();
  }

  for (let emitted = 0, passedOver = 0; emitted < maxTokens && passedOver < MOST_PASSED_OVER;) {
    const finishing = emitted > 0 && emitted >= minTokens;
    if (finishing && prose.sentenceEnded && prose.closer === undefined) {
      return;
    }
    const token =
      finishing && prose.sentenceEnded
        ? PARAGRAPH
        : drawAllowed(prose, () => model.draw(history, random, temperature));
    const fitting = fit(token, prose, finishing);
    history.push(fitting);
    const piece = prose.take(fitting);
    if (piece === undefined) {
      passedOver++;
    } else {
      emitted++;
      passedOver = 0;
      yield piece;
    }
  }
}

function drawAllowed(prose: Prose, draw: () => string): string {
  let token = draw();
  for (let redraws = 0; redraws < REDRAWS && !prose.allows(token); redraws++) {
    token = draw();
  }
  return token;
}

/** A paragraph ends after its quotations have; past `minTokens` a semicolon is end enough for a sentence. */
function fit(token: string, prose: Prose, finishing: boolean): string {
  if (token === PARAGRAPH) {
    return prose.closer ?? PARAGRAPH;
  }
  return finishing && token === ';' ? '.' : token;
}

/**
 * The token itself where the model knows it, or with other capitals; else the known word with the longest
 * ending in common, as "-ing", "-ly" and "-ed" say much about what may follow.
 */
function nearestKnown(model: NGramModel, token: string): string {
  const lower = token.toLowerCase();
  const known = [token, lower, lower.charAt(0).toUpperCase() + lower.slice(1)].find((form) =>
    model.has(form),
  );
  if (known !== undefined) {
    return known;
  }
  let nearest = token;
  let longest = 1;
  for (const word of model.vocabulary) {
    const length = commonEnding(word, lower);
    if (length > longest) {
      longest = length;
      nearest = word;
    }
  }
  return nearest;
}

function commonEnding(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a.at(-1 - length) === b.at(-1 - length)) {
    length++;
  }
  return length;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  }
  return state;
}
