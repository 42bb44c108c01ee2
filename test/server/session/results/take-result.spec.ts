import { partialResult, type Result } from '../../../../src/protocol/operation/result';
import { TextResult } from '../../../../src/protocol/content/text-result';
import { takeResult } from '../../../../src/server/session/results/take-result';

describe('takeResult', () => {
  it('takes a text without making bytes of it', () => {
    const result = new TextResult(7, 'whale');
    expect(takeResult(result)).toBe(result);
    expect(result.isText).toBe(true);
  });

  it('takes bytes, and nothing that is none', () => {
    const result = partialResult(7, Uint8Array.of(1));
    expect(takeResult(result)).toBe(result);
    expect(() => takeResult({ ...result, body: 'whale' } as unknown as Result)).toThrow(TypeError);
    expect(() => takeResult({ type: 'push' } as unknown as Result)).toThrow('a result must be one of');
  });
});
