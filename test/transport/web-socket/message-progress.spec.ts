import { MessageProgress } from '../../../src/transport/web-socket/message-progress';

const FINAL = 0x80;
const [CONTINUATION, BINARY, PING] = [0, 2, 9];

/** A frame as a client sends it, its mask of ones; the shortest head that there is, or a longer one. */
function frame(opcode: number, payload: number, { isMasked = true } = {}): Uint8Array {
  const mask = isMasked ? [1, 1, 1, 1] : [];
  const bit = isMasked ? 0x80 : 0;
  const length =
    payload < 126
      ? [payload | bit]
      : payload < 65_536
        ? [126 | bit, payload >> 8, payload & 255]
        : [127 | bit, 0, 0, 0, 0, payload >>> 24, (payload >> 16) & 255, (payload >> 8) & 255, payload & 255];
  return Uint8Array.of(opcode, ...length, ...mask, ...Array.from({ length: payload }, () => 0xff));
}

function after(...chunks: readonly Uint8Array[]): MessageProgress {
  const progress = new MessageProgress();
  for (const chunk of chunks) progress.push(chunk);
  return progress;
}

describe.each([0, 1, 125, 126, 65_535, 65_536])('a message of %d bytes', (payload) => {
  it.each([true, false])('is finished with its last byte, masked: %s', (isMasked) => {
    const bytes = frame(FINAL | BINARY, payload, { isMasked });
    expect(after(bytes).unfinished).toBeUndefined();
    expect(after(bytes, bytes, bytes.subarray(0, -1)).unfinished).toMatchObject({ number: 2 });
    expect(after(bytes.subarray(0, -1), bytes.subarray(-1)).unfinished).toBeUndefined();
  });

  it('is announced with its head, and counted as it comes', () => {
    const bytes = frame(FINAL | BINARY, payload);
    const progress = new MessageProgress();
    const head = bytes.length - payload;
    for (let at = 0; at < Math.min(bytes.length - 1, 300); at++) {
      progress.push(bytes.subarray(at, at + 1));
      expect(progress.unfinished).toEqual({
        number: 0,
        bytes: Math.max(0, at + 1 - head),
        length: at + 1 < head ? 0 : payload,
      });
    }
  });
});

it('fragments are one message, and pings between them no part of it', () => {
  const progress = after(frame(BINARY, 100));
  expect(progress.unfinished).toEqual({ number: 0, bytes: 100, length: 100 });
  progress.push(frame(FINAL | PING, 20));
  expect(progress.unfinished).toEqual({ number: 0, bytes: 100, length: 100 });
  progress.push(frame(CONTINUATION, 200).subarray(0, 58));
  expect(progress.unfinished).toEqual({ number: 0, bytes: 150, length: 300 });
  progress.push(frame(CONTINUATION, 200).subarray(58));
  progress.push(frame(CONTINUATION, 0));
  expect(progress.unfinished).toEqual({ number: 0, bytes: 300, length: 300 });
  progress.push(frame(FINAL | CONTINUATION, 0));
  expect(progress.unfinished).toBeUndefined();
});

it('a ping by itself is unfinished until its end, and told from what comes next', () => {
  const ping = frame(FINAL | PING, 20);
  const progress = after(ping.subarray(0, 10));
  expect(progress.unfinished).toEqual({ number: 0, bytes: 0, length: 0 });
  progress.push(ping.subarray(10));
  expect(progress.unfinished).toBeUndefined();
  progress.push(frame(BINARY, 3));
  expect(progress.unfinished).toEqual({ number: 1, bytes: 3, length: 3 });
});

it('however the bytes are split, the outcome is the same', () => {
  const stream = Buffer.concat([
    frame(FINAL | BINARY, 300),
    frame(BINARY, 10),
    frame(FINAL | PING, 5),
    frame(CONTINUATION, 130),
    frame(FINAL | CONTINUATION, 1),
    frame(FINAL | PING, 0),
    frame(BINARY, 70_000),
    frame(CONTINUATION, 40).subarray(0, 30),
  ]);
  const whole = after(stream).unfinished;
  expect(whole).toEqual({ number: 3, bytes: 70_000 + 24, length: 70_040 });
  for (const size of [1, 2, 3, 7, 64, 1000, 65_536]) {
    const progress = new MessageProgress();
    for (let at = 0; at < stream.length; at += size) progress.push(stream.subarray(at, at + size));
    expect(progress.unfinished).toEqual(whole);
  }
});
