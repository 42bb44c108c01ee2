import { unmask } from '../../../src/transport/web-socket/unmask';

const LENGTHS = [0, 1, 3, 4, 63, 64, 65, 66, 67, 68, 1000];

describe.each([
  ['without zeros', [0x12, 0xff, 0x34, 0x80]],
  ['with a zero', [0, 0xa5, 0, 1]],
  ['of zeros', [0, 0, 0, 0]],
])('a mask %s', (_, mask) => {
  it.each([0, 1, 2, 3])(
    'is taken off each byte of the payload, and off no other, at an address of 4n + %d',
    (offset) => {
      for (const length of LENGTHS) {
        const plain = Uint8Array.from({ length: length + 14 }, (__, index) => index * 7 + 1);
        const start = 10;
        plain.set(mask, start - 4);
        const masked = new Uint8Array(new ArrayBuffer(offset + plain.length), offset);
        masked.set(plain);
        for (let at = 0; at < length; at++) masked[start + at]! ^= mask[at % 4]!;
        unmask(masked, start - 4, start, start + length);
        expect(masked).toEqual(plain);
      }
    },
  );
});
