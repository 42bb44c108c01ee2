import type { Random } from './random';

/** How an {@link NGramModel} is trained. */
export interface NGramOptions {
  /** Tokens of an n-gram: a token is predicted from the `order - 1` before it. An integer of at least 2. */
  readonly order?: number;
  /**
   * What is taken from the count of every continuation seen, to be spent on shorter contexts. In [0, 1]; at 0
   * the model only ever says what followed the longest context it knows.
   */
  readonly discount?: number;
  /**
   * Tokens of context that are always kept where they were seen together: the floor of backing off.
   * At least 1.
   */
  readonly shortestContext?: number;
}

/** What {@link NGramOptions} leaves out. */
export const N_GRAM_DEFAULTS: Required<NGramOptions> = { order: 4, discount: 0.5, shortestContext: 2 };

/** @throws RangeError when `temperature` is not above 0. */
export function requireTemperature(temperature: number): void {
  if (!(temperature > 0)) {
    throw new RangeError(`a temperature is above 0, not ${temperature}`);
  }
}

/** A run of the sorted positions: from `start` up to, not including, `end`. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/** The continuations of a context: their ids, and how often each was seen. */
interface Continuations {
  readonly ids: readonly number[];
  readonly counts: readonly number[];
  readonly total: number;
}

/**
 * A back-off n-gram model with absolute discounting, over tokens of any kind.
 *
 * With c(h) the occurrences of the context h, n(h) the number of different tokens that follow it, h' the
 * context without its oldest token, and d the discount:
 *
 *     P(w | h) = max(c(h w) - d, 0) / c(h)  +  d n(h) / c(h) * P(w | h')
 *
 * A context never seen counts as h'. One of at most `shortestContext` tokens is not discounted, which keeps
 * what is sampled grammatical: tokens that never met in the corpus do not meet in the output. Only after a
 * token that the corpus lacks is the next one drawn by its frequency alone.
 *
 * The corpus is its own table of counts: its positions are sorted by the `order` tokens that start at each,
 * so the occurrences of a context are one run, in which equal continuations are neighbours. The corpus is
 * read as a ring, so that every token has a successor.
 *
 * @example
 * const model = new NGramModel(['the', 'whale', 'and', 'the', 'sea', 'and']);
 * model.probability(['and', 'the'], 'sea'); // 1
 */
export class NGramModel {
  /** Tokens trained on. */
  readonly size: number;
  /** How many tokens before it a token is predicted from. */
  readonly contextLength: number;
  readonly #vocabulary: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #corpus: Uint32Array;
  readonly #positions: Uint32Array;
  readonly #discount: number;
  readonly #shortestContext: number;

  /** @throws RangeError when `tokens` is empty or an option out of its range. */
  constructor(tokens: readonly string[], options: NGramOptions = {}) {
    const { order, discount, shortestContext } = { ...N_GRAM_DEFAULTS, ...options };
    if (tokens.length === 0) {
      throw new RangeError('an n-gram model needs at least one token to train on');
    }
    if (!Number.isInteger(order) || order < 2) {
      throw new RangeError(`the order of an n-gram model is an integer of at least 2, not ${order}`);
    }
    if (!(discount >= 0 && discount <= 1)) {
      throw new RangeError(`the discount of an n-gram model is between 0 and 1, not ${discount}`);
    }
    if (!(shortestContext >= 1)) {
      throw new RangeError(`the shortest context of an n-gram model is at least 1, not ${shortestContext}`);
    }
    this.size = tokens.length;
    this.contextLength = order - 1;
    this.#discount = discount;
    this.#shortestContext = shortestContext;
    this.#corpus = this.#encodeRing(tokens);
    this.#positions = this.#sortPositions();
  }

  /** The different tokens of the corpus, in order of first appearance. */
  get vocabulary(): readonly string[] {
    return this.#vocabulary;
  }

  /** Whether `token` occurs in the corpus. */
  has(token: string): boolean {
    return this.#ids.has(token);
  }

  /**
   * P(token | context), the exact probability that {@link draw} at temperature 1 gives `token`. Over all
   * known tokens it sums to 1.
   */
  probability(context: readonly string[], token: string): number {
    const id = this.#ids.get(token);
    return id === undefined ? 0 : this.#probability(context.slice(-this.contextLength), id);
  }

  /**
   * Draws the token after `context`, of which the last `order - 1` tokens count.
   *
   * @param temperature above 0. Every choice, backing off among them, has its probability raised to
   *   1 / temperature: below 1 the likely is likelier still, above 1 less so.
   * @throws RangeError when `temperature` is not above 0.
   */
  draw(context: readonly string[], random: Random, temperature = 1): string {
    requireTemperature(temperature);
    let rest = context.slice(-this.contextLength);
    for (;;) {
      const id = this.#choose(rest, random, temperature);
      if (id !== undefined) {
        return this.#vocabulary[id] ?? '';
      }
      rest = rest.slice(1);
    }
  }

  #probability(context: readonly string[], id: number): number {
    const { ids, counts, total } = this.#continuations(context);
    if (total === 0) {
      return this.#probability(context.slice(1), id);
    }
    const discount = this.#discountAfter(context);
    const seen = Math.max((counts[ids.indexOf(id)] ?? 0) - discount, 0) / total;
    const backOff = (discount * ids.length) / total;
    return backOff === 0 ? seen : seen + backOff * this.#probability(context.slice(1), id);
  }

  /** The id of the next token, or undefined to back off, which an empty context never does. */
  #choose(context: readonly string[], random: Random, temperature: number): number | undefined {
    const { ids, counts, total } = this.#continuations(context);
    if (total === 0) {
      return undefined;
    }
    const discount = this.#discountAfter(context);
    const masses = [discount * ids.length, ...counts.map((count) => count - discount)];
    const largest = masses.reduce((a, b) => Math.max(a, b));
    const weights = masses.map((mass) => (mass / largest) ** (1 / temperature));
    let left = random() * weights.reduce((a, b) => a + b);
    const choice = weights.findIndex((weight) => (left -= weight) < 0);
    // Rounding may leave a trace of the last weight: -1 stands for it.
    return choice === 0 ? undefined : ids.at(choice === -1 ? -1 : choice - 1);
  }

  #discountAfter(context: readonly string[]): number {
    return context.length > this.#shortestContext ? this.#discount : 0;
  }

  #continuations(context: readonly string[]): Continuations {
    const ids: number[] = [];
    const counts: number[] = [];
    const { start, end } = this.#occurrences(context);
    for (let at = start, next = start; at < end; at = next) {
      const id = this.#token(at, context.length);
      do {
        next++;
      } while (next < end && this.#token(next, context.length) === id);
      ids.push(id);
      counts.push(next - at);
    }
    return { ids, counts, total: end - start };
  }

  #occurrences(context: readonly string[]): Run {
    return context.reduce<Run>((run, token, depth) => this.#narrow(run, depth, this.#ids.get(token) ?? -1), {
      start: 0,
      end: this.size,
    });
  }

  /** The part of `run` that has `id` at `depth`. */
  #narrow(run: Run, depth: number, id: number): Run {
    const start = this.#firstAtLeast(run, depth, id);
    return { start, end: this.#firstAtLeast({ start, end: run.end }, depth, id + 1) };
  }

  #firstAtLeast({ start, end }: Run, depth: number, id: number): number {
    while (start < end) {
      const middle = (start + end) >>> 1;
      if (this.#token(middle, depth) < id) {
        start = middle + 1;
      } else {
        end = middle;
      }
    }
    return start;
  }

  /** The id found `depth` tokens into the n-gram of that rank. */
  #token(rank: number, depth: number): number {
    return this.#corpus[(this.#positions[rank] ?? 0) + depth] ?? 0;
  }

  /** The corpus as ids, its beginning repeated at the end so that no n-gram is cut short. */
  #encodeRing(tokens: readonly string[]): Uint32Array {
    const corpus = new Uint32Array(tokens.length + this.contextLength);
    for (let at = 0; at < corpus.length; at++) {
      corpus[at] = this.#intern(tokens[at % tokens.length] ?? '');
    }
    return corpus;
  }

  #intern(token: string): number {
    const known = this.#ids.get(token);
    if (known !== undefined) {
      return known;
    }
    this.#ids.set(token, this.#vocabulary.length);
    return this.#vocabulary.push(token) - 1;
  }

  /** Sorted by the last token of each n-gram first and by its first token last: the sort is stable. */
  #sortPositions(): Uint32Array {
    let positions = new Uint32Array(this.size).map((_, at) => at);
    for (let depth = this.contextLength; depth >= 0; depth--) {
      positions = countingSort(positions, this.#vocabulary.length, (at) => this.#corpus[at + depth] ?? 0);
    }
    return positions;
  }
}

/** Sorts `values` by `key`, an integer from 0 up to, not including, `keys`. Equal keys stay in order. */
function countingSort(
  values: Uint32Array,
  keys: number,
  key: (value: number) => number,
): Uint32Array<ArrayBuffer> {
  const firstOfKey = new Uint32Array(keys + 1);
  for (const value of values) {
    firstOfKey[key(value) + 1] = (firstOfKey[key(value) + 1] ?? 0) + 1;
  }
  for (let at = 1; at <= keys; at++) {
    firstOfKey[at] = (firstOfKey[at] ?? 0) + (firstOfKey[at - 1] ?? 0);
  }
  const sorted = new Uint32Array(values.length);
  for (const value of values) {
    const at = firstOfKey[key(value)] ?? 0;
    sorted[at] = value;
    firstOfKey[key(value)] = at + 1;
  }
  return sorted;
}
