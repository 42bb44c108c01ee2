import { Observable } from 'rxjs';
import { decodeValues } from '../../../../operators/application/decoding/decode-values';
import type { Part } from '../../../protocol/content/parts/part';
import { PartDecoder } from '../../../protocol/content/parts/part-decoder';
import type { ValueDecoder } from '../../../protocol/content/value-decoder';
import type { ResultPush } from '../../../protocol/operation/result';
import type { Results } from './answer-text';

/** The parts of an answer as they come, cold: each subscription and each loop submits. */
export interface PartStream extends Observable<Part>, AsyncIterable<Part> {
  /** Submits, and pulls the parts: as slow a loop as that of the results, with the same bounds. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Part, undefined, undefined>;
}

export class AnswerParts extends Observable<Part> implements PartStream {
  constructor(private readonly results: Results) {
    super((subscriber) => results.pipe(decodeValues(() => new Parts())).subscribe(subscriber));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Part, undefined, undefined> {
    return this.results.pull(new Parts());
  }
}

/** A result may have several, which are given one by one. */
class Parts implements ValueDecoder<ResultPush, Part> {
  private readonly decoder = new PartDecoder();
  private parts: readonly Part[] = [];
  private given = 0;

  take(result: ResultPush): Part | undefined {
    return this.first(this.decoder.decodeResult(result));
  }

  waiting(): Part | undefined {
    const part = this.parts[this.given];
    this.given += 1;
    return part;
  }

  end(): Part | undefined {
    return this.first(this.decoder.end());
  }

  private first(parts: readonly Part[]): Part | undefined {
    this.parts = parts;
    this.given = 0;
    return this.waiting();
  }
}
