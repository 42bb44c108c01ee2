import { decodeText } from '../../../operators/application/decode-text';
import { completeResult, partialResult, type ResultPush } from '../../../src/protocol/operation/result';
import { decodeTokens } from '../../../src/protocol/content/token-decoder';
import { encodeTokens } from '../../../src/protocol/content/token-delta';
import { marbles } from '../../support/marbles';
import { itIsAnOperator } from '../../support/operator-cases';

function tokens(...texts: string[]): ResultPush {
  const { body, fields } = encodeTokens(texts);
  return partialResult(1, body, fields);
}

const whale = new TextEncoder().encode('🐋');
const results = {
  a: tokens('Call', ' me'),
  e: completeResult(1),
  1: partialResult(1, whale.subarray(0, 2)),
  2: partialResult(1, whale.subarray(2)),
};
const texts = { a: 'Call me', w: '🐋', u: '\ufffd' };

describe('decodeText', () => {
  itIsAnOperator<ResultPush, string>({
    create: () => decodeText(),
    inputs: { a: tokens('a'), b: tokens('b', 'c'), c: partialResult(1, whale) },
    outputs: { a: 'a', b: 'bc', c: '🐋' },
  });

  it.each([
    ['emits nothing for a result without text', '-a-e|', '-a--|'],
    ['joins a character that two results have a part of', '-1-2-|', '---w-|'],
    ['says at the end that a character is not whole', '-1---|', '-----(u|)'],
    ['says nothing of it where the source errors', '-1---#', '-----#'],
  ])('%s', (_, source, expected) => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot(source, results).pipe(decodeText())).toBe(expected, texts);
    });
  });

  it('errors where a body is not what its record says, and unsubscribes', () => {
    const broken = { ...tokens('a'), body: Uint8Array.of(1, 2, 3) };
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-a-b-a-|', { ...results, b: broken });
      const subs = '       ^--!';
      const expected = '   -a-#';

      expectObservable(source$.pipe(decodeText())).toBe(expected, texts, faultOf(broken));
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });
});

function faultOf(result: ResultPush): unknown {
  try {
    decodeTokens(result);
  } catch (error) {
    return error;
  }
  throw new Error('the body is what its record says');
}
