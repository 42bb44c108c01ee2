import { setImmediate as turn } from 'node:timers/promises';
import { seededRandom, type Random } from '../random';
import type { GenerateOptions } from '../language-model';
import { ByteBpe } from './byte-bpe';
import type { GgufFile } from './gguf-file';
import { softmax, Transformer, type Cache } from './transformer';

/** What SmolLM2 was trained to begin with. */
const PREAMBLE = 'You are a helpful AI assistant named SmolLM, trained by Hugging Face';
/** As its makers recommend. */
const TEMPERATURE = 0.2;
/** Of how many of the likeliest tokens the next is drawn. */
const CANDIDATES = 40;

/** Characters of a prompt for each token of the context, more than any vocabulary makes of one: to merge takes long. */
const MOST_CHARACTERS = 16;

/** What a client may be told. */
export class PromptTooLong extends Error {
  constructor(length: string) {
    super(`the prompt has ${length}, more than the model can look back on`);
  }
}

/** A model that chats in ChatML, one answer a call. */
export class GgufChat {
  private readonly transformer: Transformer;
  private readonly tokenizer: ByteBpe;
  private readonly start: number;
  private readonly end: number;
  /** Of what every chat begins with. */
  private readonly preamble: Cache;

  /** Takes in what every chat begins with, which takes seconds. Throws where the file has no such model. */
  constructor(file: GgufFile) {
    this.transformer = new Transformer(file);
    this.tokenizer = new ByteBpe({ tokens: strings(file, 'tokens'), merges: strings(file, 'merges') });
    const [start, end] = ['<|im_start|>', '<|im_end|>'].map((token) => this.tokenizer.idOf(token));
    if (start === undefined || end === undefined) throw new Error('it knows no <|im_start|> and <|im_end|>');
    this.start = start;
    this.end = end;
    this.preamble = this.transformer.cache();
    for (const token of this.said('system', PREAMBLE)) this.transformer.next(token, this.preamble, 'nothing');
  }

  /**
   * Answers piece by piece, as long as it is wanted; between two of them, and two tokens of the prompt, others have
   * their turn. Throws a `PromptTooLong`.
   */
  async *answer(
    prompt: string,
    { maxTokens, seed }: GenerateOptions,
    isWanted: () => boolean,
  ): AsyncGenerator<string> {
    const { transformer, tokenizer } = this;
    if (prompt.length > transformer.context * MOST_CHARACTERS)
      throw new PromptTooLong(`${prompt.length} characters`);
    const asked = [...this.said('user', prompt), this.start, ...tokenizer.encode('assistant\n')];
    if (this.preamble.length + asked.length >= transformer.context)
      throw new PromptTooLong(`${asked.length} tokens`);
    const cache = transformer.cache(this.preamble);
    const random = seededRandom(seed);
    const text = new TextDecoder();
    let logits: Float32Array | undefined;
    for (const [index, token] of asked.entries()) {
      logits = transformer.next(token, cache, index === asked.length - 1 ? 'logits' : 'nothing');
      await turn();
      if (!isWanted()) return;
    }
    for (let count = 0; count < maxTokens && logits !== undefined; count++) {
      const token = drawn(logits, random);
      if (token === this.end) return;
      // A character may be made of several.
      const piece = text.decode(tokenizer.bytes(token), { stream: true });
      if (piece !== '') yield piece;
      if (cache.length === transformer.context) return;
      logits = transformer.next(token, cache);
      await turn();
      if (!isWanted()) return;
    }
  }

  private said(who: string, what: string): number[] {
    const { tokenizer } = this;
    return [this.start, ...tokenizer.encode(`${who}\n${what}`), this.end, ...tokenizer.encode('\n')];
  }
}

function strings({ metadata }: GgufFile, name: string): readonly string[] {
  const values = metadata.get(`tokenizer.ggml.${name}`);
  if (metadata.get('tokenizer.ggml.model') !== 'gpt2' || !Array.isArray(values))
    throw new Error('its tokens are not pairs of bytes, as those of GPT-2');
  return values as string[];
}

/** One of the likeliest. */
function drawn(logits: Float32Array, random: Random): number {
  const likely = topOf(logits, CANDIDATES);
  const chances = Float32Array.from(likely, (token) => logits[token]! / TEMPERATURE);
  softmax(chances);
  let left = random();
  for (const [index, token] of likely.entries()) {
    left -= chances[index]!;
    if (left <= 0) return token;
  }
  return likely[0]!;
}

/** The places of the largest numbers, the largest first. */
function topOf(values: Float32Array, count: number): number[] {
  const top: number[] = [];
  for (const [place, value] of values.entries()) {
    if (top.length === count && value <= values[top[count - 1]!]!) continue;
    const at = top.findIndex((other) => values[other]! < value);
    top.splice(at < 0 ? top.length : at, 0, place);
    if (top.length > count) top.pop();
  }
  return top;
}
