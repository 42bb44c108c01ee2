import { concat, from, of, throwError } from 'rxjs';
import type { SubmitHandler } from '../../../../operators/application/respond-to-submits';
import {
  completeResult,
  failureResult,
  type Result,
  type ResultPush,
} from '../../../../src/protocol/operation/result';
import { INTERNAL_FAILURE } from '../../../../src/protocol/operation/failure';
import { decodeTokens } from '../../../../src/protocol/content/token-decoder';
import { ResultClass } from '../../../../src/wire/messages/result-push';
import { resultsOf, type TestSubmit } from './support';

/** The texts of an answer, part by part, and what else it has. */
function partsOf(handler: SubmitHandler<TestSubmit>): unknown[] {
  return resultsOf(handler).map((seen) => {
    const result = seen as Result | string;
    if (typeof result === 'string' || result.type !== 'push' || !isPartial(result)) return result;
    return decodeTokens(result).join('');
  });
}

function isPartial({ metadata }: ResultPush): boolean {
  return metadata.resultClass === ResultClass.Partial;
}

const END = [completeResult(1), 'complete'];

describe('a character whose halves come in two strings', () => {
  it('is sent whole, with the second', () => {
    expect(partsOf(() => from(['Hi \ud83d', '\ude00!']))).toEqual(['Hi ', '😀!', ...END]);
    expect(partsOf(() => ['\ud83d', '\ude00'])).toEqual(['😀', ...END]);
  });

  it('is sent whole where an empty string or bytes come between them', () => {
    const bytes = Uint8Array.of(0x61);
    expect(partsOf(() => of('\ud83d', '', bytes, '\ude00'))).toEqual(['', 'a', '😀', ...END]);
  });

  it('is U+FFFD at the end where the second half does not come', () => {
    expect(partsOf(() => of('a\ud83d'))).toEqual(['a', '\ufffd', ...END]);
    expect(partsOf(() => 'a\ud83d')).toEqual(['a', '\ufffd', ...END]);
    expect(partsOf(() => of('\ud83d', 'a'))).toEqual(['\ufffda', ...END]);
    expect(partsOf((submit) => of('\ud83d', submit.complete()))).toEqual(['\ufffd', ...END]);
  });

  it('is not sent in part where the handler fails', () => {
    const handler = () =>
      concat(
        of('a\ud83d'),
        throwError(() => new Error('no model')),
      );
    expect(partsOf(handler)).toEqual(['a', failureResult(1, INTERNAL_FAILURE), 'complete']);
  });

  it('is of one answer and no other', () => {
    expect(partsOf(() => of('\ud83d'))).toEqual(['\ufffd', ...END]);
    expect(partsOf(() => of('\ude00'))).toEqual(['\ufffd', ...END]);
  });

  it('leaves empty strings what they are', () => {
    expect(partsOf(() => of('', 'a', ''))).toEqual(['', 'a', '', ...END]);
  });
});
