import { MessageCutter } from '../../../src/transport/web-socket/message-cutter';

const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];

interface FrameOptions {
  readonly opcode?: number;
  readonly fin?: boolean;
  readonly mask?: boolean;
}

/** A frame as a client sends it, or one without a mask. */
function frame(payload: Uint8Array, { opcode = BINARY, fin = true, mask = true }: FrameOptions = {}): Buffer {
  const { length } = payload;
  const key = [0x37, 0xfa, 0, 0x3d];
  const extended =
    length < 126
      ? []
      : length < 65_536
        ? [length >> 8, length & 255]
        : [0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255];
  const short = extended.length === 0 ? length : extended.length === 2 ? 126 : 127;
  const head = [opcode | (fin ? 0x80 : 0), short | (mask ? 0x80 : 0), ...extended, ...(mask ? key : [])];
  return Buffer.from([...head, ...payload.map((byte, at) => (mask ? byte ^ key[at % 4]! : byte))]);
}

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + length) & 0xff);
}

/** What a cutter makes of a stream. */
class Cut {
  readonly messages: Uint8Array[] = [];
  readonly controls: number[] = [];
  rest: Uint8Array | undefined;
  readonly cutter: MessageCutter;

  constructor({ isMasked = true, longest = 100_000 } = {}) {
    this.cutter = new MessageCutter(isMasked, longest, {
      message: (chunk, start, end) => this.messages.push(Uint8Array.from(chunk.bytes.subarray(start, end))),
      control: ([first]) => this.controls.push(first!),
    });
  }

  /** In pieces of one size; copies, since masks are taken off in place. */
  push(stream: Uint8Array, size = stream.length): this {
    for (let at = 0; at < stream.length && this.rest === undefined; at += size) {
      const rest = this.cutter.push(Uint8Array.from(stream.subarray(at, at + size)));
      if (rest !== undefined) this.rest = Buffer.concat([rest, stream.subarray(at + size)]);
    }
    return this;
  }
}

const LENGTHS = [0, 1, 125, 126, 300, 65_535, 65_536, 70_000];

it.each([true, false])(
  'messages of any length are cut wherever their bytes are split, masked: %s',
  (mask) => {
    const payloads = LENGTHS.map(bytes);
    const stream = Buffer.concat(
      payloads.flatMap((payload) => [
        frame(payload, { mask }),
        frame(bytes(3), { mask, opcode: PING }),
        frame(bytes(125), { mask, opcode: PONG }),
      ]),
    );
    for (const size of [stream.length, 65_536, 1000, 64, 7, 2, 1]) {
      const cut = new Cut({ isMasked: mask }).push(stream, size);
      expect(cut.messages).toEqual(payloads);
      expect(cut.controls).toEqual(LENGTHS.flatMap(() => [0x89, 0x8a]));
      expect(cut.rest).toBeUndefined();
      expect(cut.cutter.unfinished).toBeUndefined();
      expect(cut.cutter.count).toBe(3 * LENGTHS.length);
    }
  },
);

it.each([
  ['a text', frame(bytes(10), { opcode: TEXT })],
  ['the first of several fragments', frame(bytes(10), { fin: false })],
  ['a continuation', frame(bytes(10), { opcode: CONTINUATION })],
  ['a close', frame(Uint8Array.of(3, 0xe8), { opcode: CLOSE })],
  ['a ping in fragments', frame(bytes(10), { opcode: PING, fin: false })],
  ['a ping that is too long', Buffer.from([0x89, 0x80 | 126, 0, 126])],
  ['a message without a mask', frame(bytes(10), { mask: false })],
  ['a reserved bit', Buffer.from([0xc2, 0x81, 0, 0, 0, 0, 0])],
  ['an unknown kind', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
  ['a message that is too long', frame(bytes(100_001))],
  ['a length of 64 bits', Buffer.from([0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0])],
])('%s is handed on, with all that follows, to the last byte', (_, foreign) => {
  const behind = Buffer.concat([foreign, frame(bytes(5)), Buffer.from([1, 2, 3])]);
  const stream = Buffer.concat([frame(bytes(20)), behind]);
  for (const size of [stream.length, 5, 1]) {
    const cut = new Cut().push(stream, size);
    expect(cut.messages).toEqual([bytes(20)]);
    expect(Buffer.compare(cut.rest!, behind)).toBe(0);
  }
});

it('a message that has begun is told by what has come, and by what it says that it has', () => {
  const cut = new Cut();
  const stream = frame(bytes(60_000));
  const seen = [1, 2, 7, 8, 9, 30_000, 59_999].map((size, index, sizes) => {
    cut.push(stream.subarray(sizes[index - 1] ?? 0, size));
    return cut.cutter.unfinished;
  });
  expect(seen).toEqual([
    { number: 0, bytes: 0, length: 0 },
    { number: 0, bytes: 0, length: 0 },
    { number: 0, bytes: 0, length: 0 },
    { number: 0, bytes: 0, length: 60_000 },
    { number: 0, bytes: 1, length: 60_000 },
    { number: 0, bytes: 29_992, length: 60_000 },
    { number: 0, bytes: 59_991, length: 60_000 },
  ]);
  cut.push(stream.subarray(59_999)).push(stream.subarray(0, 9));
  expect(cut.cutter.unfinished).toMatchObject({ number: 1 });
});

it('a length that is only announced takes no memory', () => {
  const before = process.memoryUsage().arrayBuffers;
  const cuts = Array.from({ length: 200 }, () =>
    new Cut({ longest: 2 ** 31 }).push(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 1, 2, 3, 4, 5])),
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
  expect(cuts.every(({ cutter }) => cutter.unfinished?.length === 0x7f000000)).toBe(true);
});
