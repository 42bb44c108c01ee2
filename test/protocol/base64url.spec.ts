import fc from 'fast-check';
import { fromBase64Url, toBase64Url } from '../../src/protocol/base64url';

describe('base64url', () => {
  it('is that of everybody, without padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const text = toBase64Url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64Url(text)).toEqual(bytes);
      }),
    );
  });

  it.each(['A', 'AAAAA', 'AB', 'AAB', 'AA==', 'A A', 'AA\n', '+AAA', '/AAA', 'ÄAAA', '😀AA'])(
    'takes no %j, which it does not write',
    (text) => {
      expect(fromBase64Url(text)).toBeUndefined();
    },
  );
});
