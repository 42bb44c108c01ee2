import { plainBytes } from '../../src/wire/bytes/plain-bytes';

describe('plainBytes', () => {
  it('is a Uint8Array itself', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(plainBytes(bytes)).toBe(bytes);
  });

  it('looks at the same bytes of a Buffer, whose slice would not copy', () => {
    const buffer = Buffer.from('..abc..').subarray(2, 5);
    const bytes = plainBytes(buffer);
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes).toEqual(Uint8Array.of(97, 98, 99));
    expect([bytes.buffer, bytes.byteOffset]).toEqual([buffer.buffer, buffer.byteOffset]);
    bytes.slice()[0] = 0;
    expect(buffer.toString()).toBe('abc');
  });
});
