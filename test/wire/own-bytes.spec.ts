import { COPY_LIMIT, give, isGiven, ours, ownBytes } from '../../src/wire/bytes/own-bytes';

const LARGE = COPY_LIMIT + 1;

describe('bytes of somebody else', () => {
  it.each([0, 1, COPY_LIMIT, LARGE])('are copied to be kept: %i of them', (length) => {
    const bytes = new Uint8Array(length).fill(7);
    const kept = ownBytes(bytes);
    bytes.fill(9);
    expect(kept).not.toBe(bytes);
    expect(kept).toEqual(new Uint8Array(length).fill(7));
  });

  it('are copied once, however often they are kept', () => {
    const kept = ownBytes(new Uint8Array(LARGE));
    expect(ownBytes(kept)).toBe(kept);
  });

  it('are no Buffer where they are kept', () => {
    expect(ownBytes(Buffer.alloc(LARGE)).constructor).toBe(Uint8Array);
  });
});

describe('bytes that were given away', () => {
  it.each([1, LARGE])('are kept as they are: %i of them', (length) => {
    const bytes = new Uint8Array(length);
    expect(give(bytes)).toBe(bytes);
    expect(() => give('text' as unknown as Uint8Array)).toThrow(
      'what is given away must be a Uint8Array, got String',
    );
    expect(isGiven(bytes)).toBe(true);
    expect(ownBytes(bytes)).toBe(bytes);
  });

  it('are these and not what else is in their buffer', () => {
    const buffer = new Uint8Array(3 * LARGE);
    give(buffer.subarray(0, LARGE));
    expect(isGiven(buffer.subarray(0, LARGE))).toBe(false);
    expect(isGiven(buffer)).toBe(false);
  });

  it('are copied where they are less than half of the buffer that they would keep', () => {
    const kept = ownBytes(give(new Uint8Array(3 * LARGE).subarray(0, LARGE)));
    expect(kept.buffer.byteLength).toBe(LARGE);
  });

  it('are among them what this library makes and receives, where it is large', () => {
    expect(isGiven(ours(new Uint8Array(COPY_LIMIT)))).toBe(false);
    expect(isGiven(ours(new Uint8Array(LARGE)))).toBe(true);
  });
});
