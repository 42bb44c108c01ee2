import type { Writable } from 'node:stream';
import { BINARY_FRAME } from '../../../src/transport/web-socket/binary-frame';

// Public, but of no type.
const { Receiver } = jest.requireActual<{ readonly Receiver: new (options: object) => Writable }>('ws');

describe('the head of a binary frame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])(
    'of %i bytes is read as it is meant',
    async (length) => {
      const headBytes = BINARY_FRAME.lengthFor(length);
      const frame = new Uint8Array(3 + headBytes + length).fill(7);
      BINARY_FRAME.writeInto(frame, 3, length);
      const receiver = new Receiver({ isServer: false });
      const message = new Promise<[Buffer, boolean]>((resolve, reject) => {
        receiver.on('message', (data: Buffer, isBinary: boolean) => {
          resolve([data, isBinary]);
        });
        receiver.on('error', reject);
      });
      receiver.write(Buffer.from(frame.buffer, 3));

      const [data, isBinary] = await message;
      expect([data.length, isBinary, data.every((byte) => byte === 7)]).toEqual([length, true, true]);
      // As short as it can be, which RFC 6455 demands.
      expect(headBytes).toBe(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    },
  );
});
