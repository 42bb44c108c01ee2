import { keptBytes } from '../../src/wire/bytes/kept-bytes';

describe('bytes that are to wait', () => {
  const buffer = Uint8Array.from({ length: 100 }, (_, index) => index);

  it('are a copy where they are less than half of their buffer', () => {
    const kept = keptBytes(buffer.subarray(10, 59));
    expect(kept).toEqual(buffer.slice(10, 59));
    expect(kept.buffer.byteLength).toBe(49);
  });

  it('are what they were where they are half of it or more', () => {
    const view = buffer.subarray(10, 60);
    expect(keptBytes(view)).toBe(view);
    expect(keptBytes(buffer)).toBe(buffer);
  });

  it('are no Buffer where they are a copy', () => {
    const kept = keptBytes(Buffer.from(buffer).subarray(1, 3));
    expect(kept.constructor).toBe(Uint8Array);
    expect(kept.buffer.byteLength).toBe(2);
  });
});
