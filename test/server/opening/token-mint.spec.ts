import { createHmac } from 'node:crypto';
import { systemRandom } from '../../../src/server/opening/resume-token';
import { TokenMint } from '../../../src/server/opening/token-mint';

describe('a token mint', () => {
  const KEY = Buffer.from('sixteen bytes...');
  const fail = (): never => {
    throw new Error('the source has failed');
  };
  const random = (length: number): Uint8Array => new Uint8Array(length).fill(7);

  it.each([24, 25, 64])('tags tokens of %i bytes, and knows them', (length) => {
    const mint = new TokenMint(systemRandom, length, KEY);
    const token = mint.make(fail);
    expect(token).toHaveLength(length);
    expect(mint.knows(token)).toBe(true);
    for (let at = 0; at < length; at++) {
      const other = Uint8Array.from(token, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(mint.knows(other)).toBe(false);
    }
    for (const cut of [0, 7, 8, length - 1]) expect(mint.knows(token.subarray(0, cut))).toBe(false);
    expect(new TokenMint(systemRandom, length, Buffer.from('another key.....')).knows(token)).toBe(false);
  });

  it('makes a token of random bytes and their HMAC, cut short', () => {
    const token = new TokenMint(random, 24, KEY).make(fail);
    const tag = createHmac('sha256', KEY).update(random(16)).digest().subarray(0, 8);
    expect(Buffer.from(token)).toEqual(Buffer.concat([random(16), tag]));
  });

  it.each([
    ['short', 16, KEY],
    ['short of a byte', 23, KEY],
    ['without a key', 24, undefined],
  ])('leaves tokens alone that are %s, and any may be one of them', (_, length, key) => {
    const mint = new TokenMint(random, length, key);
    expect(mint.make(fail)).toEqual(random(length));
    expect(mint.knows(new Uint8Array(3))).toBe(true);
  });
});
