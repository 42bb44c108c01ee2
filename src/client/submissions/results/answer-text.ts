import { lastValueFrom, Observable, reduce } from 'rxjs';
import { decodeText } from '../../../../operators/application/decode-text';
import { decodeSummary, type AnswerSummary } from '../../../protocol/operation/answer-summary';
import type { ResultPush } from '../../../protocol/operation/result';
import { TokenDecoder } from '../../../protocol/content/token-decoder';

/** The text of an answer as it comes, cold: each subscription and each loop submits. No text is empty. */
export interface TextStream extends Observable<string>, AsyncIterable<string> {
  /** Submits, and pulls the texts: as slow a loop as that of the results, with the same bounds. */
  [Symbol.asyncIterator](): AsyncIterableIterator<string, undefined, undefined>;
}

/** An answer that was wanted whole. */
export interface WholeAnswer extends AnswerSummary {
  readonly text: string;
}

export type Results = Observable<ResultPush> & {
  [Symbol.asyncIterator](): AsyncIterableIterator<ResultPush, undefined, undefined>;
};

export class AnswerText extends Observable<string> implements TextStream {
  constructor(private readonly results: Results) {
    super((subscriber) => results.pipe(decodeText()).subscribe(subscriber));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<string, undefined, undefined> {
    return new PulledText(this.results[Symbol.asyncIterator]());
  }
}

const NOTHING: WholeAnswer = { text: '' };

/** All of an answer's text, and what its last result says of it. */
export function wholeAnswer(results: Results): Promise<WholeAnswer> {
  const decoder = new TokenDecoder();
  return lastValueFrom(
    results.pipe(
      reduce(
        ({ text }: WholeAnswer, result) => ({
          ...decodeSummary(result),
          text: text + decoder.decode(result).join(''),
        }),
        NOTHING,
      ),
    ),
    { defaultValue: NOTHING },
  ).then((whole) => ({ ...whole, text: whole.text + decoder.end() }));
}

/** Texts that wait until they are asked for. */
class PulledText implements AsyncIterableIterator<string, undefined, undefined> {
  private readonly decoder = new TokenDecoder();
  /** Settles when whoever asked last has what there is. */
  private turn: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly results: AsyncIterableIterator<ResultPush, undefined, undefined>) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** One at a time: a result without text gives its turn to nobody. */
  next(): Promise<IteratorResult<string, undefined>> {
    const pull = (): Promise<IteratorResult<string, undefined>> => this.pull();
    const text = this.waiting === 0 ? this.pull() : this.turn.then(pull, pull);
    const done = (): void => {
      this.waiting -= 1;
    };
    this.waiting += 1;
    this.turn = text.then(done, done);
    return text;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.results.return?.();
    return OVER;
  }

  async throw(error: Error): Promise<IteratorReturnResult<undefined>> {
    await this.results.return?.();
    throw error;
  }

  private async pull(): Promise<IteratorResult<string, undefined>> {
    for (;;) {
      const taken = await this.results.next();
      const text = taken.done === true ? this.decoder.end() : this.textOf(taken.value);
      if (text !== '') return { done: false, value: text };
      if (taken.done === true) return OVER;
    }
  }

  private textOf(result: ResultPush): string {
    try {
      return this.decoder.decode(result).join('');
    } catch (error) {
      void this.results.return?.();
      throw error;
    }
  }
}

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };
