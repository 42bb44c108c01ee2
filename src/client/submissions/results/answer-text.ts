import { lastValueFrom, Observable, reduce } from 'rxjs';
import { decodeText } from '../../../../operators/application/decode-text';
import { decodeSummary, type AnswerSummary } from '../../../protocol/operation/answer-summary';
import type { ResultPush } from '../../../protocol/operation/result';
import { Texts } from '../../../protocol/content/texts';
import { TokenDecoder } from '../../../protocol/content/token-decoder';
import type { ValueDecoder } from '../../../protocol/content/value-decoder';

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
  pull<T>(decoder: ValueDecoder<ResultPush, T>): AsyncIterableIterator<T, undefined, undefined>;
};

export class AnswerText extends Observable<string> implements TextStream {
  constructor(private readonly results: Results) {
    super((subscriber) => results.pipe(decodeText()).subscribe(subscriber));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<string, undefined, undefined> {
    return this.results.pull(new Texts());
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
