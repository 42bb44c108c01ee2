import { TokenDecoder, type TypedBody } from './token-decoder';
import type { ValueDecoder } from './value-decoder';

/** A result has one text at most, and none is empty. */
export class Texts implements ValueDecoder<TypedBody, string> {
  private readonly decoder = new TokenDecoder();

  take(result: TypedBody): string | undefined {
    const texts = this.decoder.decode(result);
    // Nearly all have one, which a join would cost more than all the rest.
    return (texts.length === 1 ? texts[0] : texts.join('')) || undefined;
  }

  waiting(): undefined {
    return undefined;
  }

  end(): string | undefined {
    return this.decoder.end() || undefined;
  }
}
