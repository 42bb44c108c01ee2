import { Slab } from '../../src/wire/bytes/slab';

describe('Slab', () => {
  it('gives each its own bytes, whatever is written to the others', () => {
    const slab = new Slab(3);
    const source = Uint8Array.of(1, 2, 3);
    const copies = Array.from({ length: 200 }, () => slab.copy(source));
    for (const [index, copy] of copies.entries()) copy.fill(index);
    source.fill(9);
    for (const [index, copy] of copies.entries()) expect([...copy]).toEqual([index, index, index]);
    expect([...slab.copy(source)]).toEqual([9, 9, 9]);
  });

  it('goes on where somebody has transferred its buffer', () => {
    const slab = new Slab(3);
    const { buffer } = slab.copy(new Uint8Array(3));
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    expect([...slab.copy(Uint8Array.of(1, 2, 3))]).toEqual([1, 2, 3]);
  });

  it('takes one buffer for many', () => {
    const slab = new Slab(72);
    const copies = Array.from({ length: 640 }, () => slab.copy(new Uint8Array(72)));
    expect(new Set(copies.map(({ buffer }) => buffer)).size).toBe(10);
  });
});
