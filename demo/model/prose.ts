import { PARAGRAPH, spacing } from './tokenizer';

const CLOSER_OF: ReadonlyMap<string, string> = new Map([
  ['“', '”'],
  ['(', ')'],
]);
const CLOSERS: ReadonlySet<string> = new Set(CLOSER_OF.values());
const SENTENCE_ENDS: ReadonlySet<string> = new Set(['.', '!', '?']);

/**
 * Text as it is written token by token: which quotations and brackets are open, whether a sentence has just
 * ended, and how the next token is to be set.
 *
 * @example
 * const prose = new Prose();
 * ['“', 'aye', '.', '”'].map((token) => prose.take(token)); // ['“', 'Aye', '.', '”']
 */
export class Prose {
  readonly #closers: string[] = [];
  #previous: string | undefined;
  #sentenceBegins = true;
  #sentenceEnded = false;

  /** What closes the innermost quotation or bracket; undefined when none is open. */
  get closer(): string | undefined {
    return this.#closers.at(-1);
  }

  /** Whether the last word said, closing marks aside, ended a sentence. */
  get sentenceEnded(): boolean {
    return this.#sentenceEnded;
  }

  /**
   * Whether `token` may come now: a closer only for the innermost pair, an opener only when it is not open
   * yet.
   */
  allows(token: string): boolean {
    const closer = CLOSER_OF.get(token);
    return closer === undefined
      ? !CLOSERS.has(token) || token === this.closer
      : !this.#closers.includes(closer);
  }

  /**
   * Writes `token`: its spacing, and a capital where a sentence begins after a full stop. Gives undefined for
   * what adds nothing to read yet: the end of a paragraph, and a token that is not allowed, which is passed
   * over.
   */
  take(token: string): string | undefined {
    if (!this.allows(token)) {
      return undefined;
    }
    const piece = spacing(this.#previous, token) + (this.#sentenceBegins ? capitalise(token) : token);
    const closer = CLOSER_OF.get(token);
    if (closer !== undefined) {
      this.#closers.push(closer);
    } else if (token === this.closer) {
      this.#closers.pop();
    }
    this.#previous = token;
    this.#sentenceBegins =
      token === '.' || token === PARAGRAPH || (this.#sentenceBegins && closer !== undefined);
    this.#sentenceEnded =
      SENTENCE_ENDS.has(token) || (this.#sentenceEnded && (CLOSERS.has(token) || token === PARAGRAPH));
    return token === PARAGRAPH ? undefined : piece;
  }

  /** Notes that white space was written: the next token brings none. */
  takeSpace(): void {
    this.#previous = undefined;
  }
}

function capitalise(token: string): string {
  return token.replace(/\p{L}/u, (letter) => letter.toUpperCase());
}
