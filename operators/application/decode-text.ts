import type { OperatorFunction } from 'rxjs';
import { Texts } from '../../src/protocol/content/texts';
import type { TypedBody } from '../../src/protocol/content/token-decoder';
import { decodeValues } from './decoding/decode-values';

/**
 * Joins the results of one operation into text: what each adds, as soon as it is whole characters. Results without
 * text emit nothing. Where the answer ends inside a character, the last text is U+FFFD.
 *
 * @example
 * session
 *   .submit({ body: 'Call me' })
 *   .pipe(decodeText())
 *   .subscribe((text) => process.stdout.write(text));
 *
 * @returns Texts, none of them empty. Completes and errors with the source; errors with an `NnrpError` where a
 * body is not what its record says.
 */
export function decodeText(): OperatorFunction<TypedBody, string> {
  return decodeValues(() => new Texts());
}
