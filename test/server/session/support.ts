import { decodeTokens } from '../../../src/protocol/content/token-decoder';
import { type ResultPush } from '../../../src/protocol/operation/result';

/** A result in a word: the tokens or bytes of its body, `end` where it is the last. */
export function word(result: ResultPush): string {
  const body = decodeTokens(result).join('') || Buffer.from(result.body).toString();
  return result.metadata.resultClass === 0 ? `${body}end` : body;
}

/** What a client is told of an operation that the server has dropped. */
export const DROPPED: unknown = expect.objectContaining({
  name: 'OperationError',
  reason: 'dropped',
  frameId: 1,
});

/** What a client is told of an operation whose handler has failed. */
export const FAILED: unknown = expect.objectContaining({
  name: 'OperationError',
  reason: 'failed',
  status: 500,
  text: '',
  frameId: 1,
});
