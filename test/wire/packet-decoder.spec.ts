import fc from 'fast-check';
import {
  CommonHeader,
  DEFAULT_PACKET_LIMITS,
  encodePacket,
  header,
  MessageType,
  packet,
  PacketDecoder,
  type NnrpFault,
  type Packet,
  type PacketLimits,
} from '../../src/wire';
import { brokenHeaders, packets, packetSequences, splits } from '../support/arbitraries';
import { errorOf } from './fault-of';

function bytesOf(...sequence: readonly Packet[]): Uint8Array {
  return new Uint8Array(sequence.flatMap((each) => [...encodePacket(each)]));
}

function pushAll(decoder: PacketDecoder, chunks: readonly Uint8Array[]): Packet[] {
  return chunks.flatMap((chunk) => decoder.push(chunk));
}

function headerBytes(metaLen: number, bodyLen: number): Uint8Array {
  return CommonHeader.encode(header({ messageType: MessageType.ResultPush, metaLen, bodyLen }));
}

/** How many bytes `action` copies from one array into another. */
function bytesCopiedBy(action: () => void): number {
  const set = jest.spyOn(Uint8Array.prototype, 'set');
  const slice = jest.spyOn(Uint8Array.prototype, 'slice');
  try {
    action();
    const results = slice.mock.results.map(({ value }) => value as Uint8Array);
    return [...set.mock.calls.map(([source]) => source), ...results].reduce(
      (sum, { length }) => sum + length,
      0,
    );
  } finally {
    set.mockRestore();
    slice.mockRestore();
  }
}

const ping = packet({ messageType: MessageType.Ping });
const result = packet(
  { messageType: MessageType.ResultPush, sessionId: 42, frameId: 7, traceId: 5n },
  Uint8Array.from({ length: 64 }, (_, at) => at),
  Uint8Array.from({ length: 100 }, (_, at) => 255 - at),
);

describe('PacketDecoder', () => {
  describe('cuts a stream into packets, however it was split', () => {
    it('any packets, any split', () => {
      const split = packetSequences().chain((sequence) =>
        splits(bytesOf(...sequence)).map((chunks) => ({ sequence, chunks })),
      );
      fc.assert(
        fc.property(split, ({ sequence, chunks }) => {
          const decoder = new PacketDecoder();
          expect(pushAll(decoder, chunks)).toEqual(sequence);
          expect(decoder).toMatchObject({ fault: undefined, isInsidePacket: false, bufferedBytes: 0 });
        }),
        { numRuns: 300 },
      );
    });

    it('byte by byte', () => {
      fc.assert(
        fc.property(packetSequences(40), (sequence) => {
          const chunks = [...bytesOf(...sequence)].map((byte) => Uint8Array.of(byte));
          expect(pushAll(new PacketDecoder(), chunks)).toEqual(sequence);
        }),
        { numRuns: 30 },
      );
    });

    it('at every place, those inside a header among them', () => {
      const small = packet(
        { messageType: MessageType.Close, sessionId: 7 },
        Uint8Array.of(1),
        Uint8Array.of(2, 3),
      );
      const bytes = bytesOf(small, ping, small);
      for (let at = 0; at <= bytes.length; at += 1) {
        const decoder = new PacketDecoder();
        const chunks = [bytes.slice(0, at), bytes.slice(at)];
        expect({ at, packets: pushAll(decoder, chunks) }).toEqual({ at, packets: [small, ping, small] });
      }
    });

    it('each packet as soon as its last byte is there', () => {
      const decoder = new PacketDecoder();
      const bytes = bytesOf(ping, result, ping);
      const completed = [...bytes].flatMap((byte, at) => decoder.push(Uint8Array.of(byte)).map(() => at + 1));
      expect(completed).toEqual([40, 40 + 204, 40 + 204 + 40]);
    });

    it('a packet without metadata and body at the end of a chunk', () => {
      const decoder = new PacketDecoder();
      expect(decoder.push(bytesOf(result, ping))).toEqual([result, ping]);
      expect(decoder).toMatchObject({ isInsidePacket: false, bufferedBytes: 0 });
    });

    it.each([
      ['metadata only', packet({ messageType: MessageType.FlowUpdate }, new Uint8Array(32).fill(1))],
      ['body only', packet({ messageType: MessageType.Close }, undefined, new Uint8Array(32).fill(1))],
    ])('a packet with %s', (_, given) => {
      const bytes = bytesOf(given);
      expect(new PacketDecoder().push(bytes)).toEqual([given]);
      expect(pushAll(new PacketDecoder(), [bytes.slice(0, 41), bytes.slice(41)])).toEqual([given]);
    });
  });

  describe('empty chunks', () => {
    it.each([0, 1, 39, 40, 41, 103, 104, 203])('after %i bytes change nothing', (at) => {
      const decoder = new PacketDecoder();
      const bytes = bytesOf(result);
      decoder.push(bytes.slice(0, at));
      const { bufferedBytes, isInsidePacket } = decoder;
      expect(decoder.push(new Uint8Array(0))).toEqual([]);
      expect(decoder).toMatchObject({ bufferedBytes, isInsidePacket, fault: undefined });
      expect(decoder.push(bytes.slice(at))).toEqual([result]);
    });
  });

  describe('truncated input', () => {
    it('is inside a packet, and its bytes are counted', () => {
      const truncated = fc
        .tuple(packetSequences(), packets(), fc.nat(219))
        .map(([sequence, last, cut]) => ({
          sequence,
          cut: bytesOf(last).slice(0, 1 + (cut % (bytesOf(last).length - 1))),
        }))
        .chain(({ sequence, cut }) =>
          splits(new Uint8Array([...bytesOf(...sequence), ...cut])).map((chunks) => ({
            sequence,
            cut,
            chunks,
          })),
        );
      fc.assert(
        fc.property(truncated, ({ sequence, cut, chunks }) => {
          const decoder = new PacketDecoder();
          expect(pushAll(decoder, chunks)).toEqual(sequence);
          expect(decoder).toMatchObject({
            isInsidePacket: true,
            bufferedBytes: cut.length,
            fault: undefined,
          });
        }),
      );
    });

    it('is not: nothing, or whole packets', () => {
      const decoder = new PacketDecoder();
      expect(decoder.isInsidePacket).toBe(false);
      decoder.push(bytesOf(result));
      expect(decoder.isInsidePacket).toBe(false);
    });
  });

  describe('a broken frame', () => {
    it('yields the packets before it, then the fault, for good', () => {
      const broken = fc
        .tuple(packetSequences(), brokenHeaders(), fc.uint8Array({ maxLength: 50 }))
        .chain(([sequence, garbage, rest]) =>
          splits(new Uint8Array([...bytesOf(...sequence), ...garbage, ...rest])).map((chunks) => ({
            sequence,
            garbage,
            chunks,
          })),
        );
      fc.assert(
        fc.property(broken, ({ sequence, garbage, chunks }) => {
          const decoder = new PacketDecoder();
          const decoded: Packet[] = [];
          for (const chunk of chunks) {
            if (decoder.fault === undefined) decoded.push(...decoder.push(chunk));
            else expect(errorOf(() => decoder.push(chunk))).toBe(decoder.fault);
          }
          expect(decoded).toEqual(sequence);
          const expected = errorOf(() => CommonHeader.decode(garbage));
          expect(decoder.fault?.fault).toEqual(expected.fault);
          expect(errorOf(() => decoder.push(bytesOf(ping)))).toBe(decoder.fault);
          expect(errorOf(() => decoder.push(new Uint8Array(0)))).toBe(decoder.fault);
          expect(decoder).toMatchObject({ isInsidePacket: false, bufferedBytes: 0 });
        }),
      );
    });

    it('is known with the last byte of its header', () => {
      const decoder = new PacketDecoder();
      const garbage = new Uint8Array(40).fill(0x47);
      decoder.push(garbage.slice(0, 39));
      expect(decoder.fault).toBeUndefined();
      expect(decoder.push(garbage.slice(39))).toEqual([]);
      expect(decoder.fault?.fault).toEqual({ kind: 'InvalidMagic' });
    });
  });

  describe('limits', () => {
    const judged = (bytes: Uint8Array, limits?: Partial<PacketLimits>): [NnrpFault | undefined, number] => {
      const decoder = new PacketDecoder(limits);
      decoder.push(bytes);
      return [decoder.fault?.fault, decoder.bufferedBytes];
    };
    const overflow = (declared: number, limit: number) => ({
      kind: 'MessageLengthOverflow',
      declared,
      limit,
    });

    it('are judged at the header, before anything is buffered', () => {
      const u32Max = 0xffff_ffff;
      expect(judged(headerBytes(0, u32Max))).toEqual([
        overflow(u32Max, DEFAULT_PACKET_LIMITS.maxBodyBytes),
        0,
      ]);
      expect(judged(headerBytes(u32Max, 0))).toEqual([
        overflow(u32Max, DEFAULT_PACKET_LIMITS.maxMetadataBytes),
        0,
      ]);
      expect(judged(headerBytes(4097, 0))).toEqual([overflow(4097, 4096), 0]);
      expect(judged(headerBytes(0, 4 * 1024 * 1024 + 1))).toEqual([
        overflow(4 * 1024 * 1024 + 1, 4 * 1024 * 1024),
        0,
      ]);
    });

    it('allocate nothing for a length that is only declared', () => {
      const decoder = new PacketDecoder({ maxBodyBytes: 0xffff_ffff });
      const chunks = [headerBytes(0, 0xffff_ffff), new Uint8Array(1), new Uint8Array(1)];
      const original = globalThis.Uint8Array;
      const sizes: unknown[] = [];
      globalThis.Uint8Array = new Proxy(original, {
        construct(target, args: [number]) {
          if (typeof args[0] === 'number') sizes.push(args[0]);
          return Reflect.construct(target, args) as object;
        },
      });
      try {
        pushAll(decoder, chunks);
      } finally {
        globalThis.Uint8Array = original;
      }
      expect(sizes).toEqual([]);
      expect(decoder).toMatchObject({ isInsidePacket: true, bufferedBytes: 42, fault: undefined });
    });

    it('do not hide lengths whose sum overflows a u32', () => {
      const limits = { maxMetadataBytes: Infinity, maxBodyBytes: Infinity };
      expect(judged(headerBytes(0xffff_ffff, 1), limits)).toEqual([overflow(0x1_0000_0000, 0xffff_ffff), 0]);
      expect(judged(headerBytes(0x8000_0000, 0x8000_0000), limits)).toEqual([
        overflow(0x1_0000_0000, 0xffff_ffff),
        0,
      ]);
      expect(judged(headerBytes(0x8000_0000, 0x7fff_ffff), limits)).toEqual([undefined, 40]);
    });

    it('are inclusive', () => {
      const limits = { maxMetadataBytes: 64, maxBodyBytes: 100 };
      expect(new PacketDecoder(limits).push(bytesOf(result))).toEqual([result]);
      expect(judged(bytesOf(result), { ...limits, maxMetadataBytes: 63 })).toEqual([overflow(64, 63), 0]);
      expect(judged(bytesOf(result), { ...limits, maxBodyBytes: 99 })).toEqual([overflow(100, 99), 0]);
    });

    it('may be 0', () => {
      const decoder = new PacketDecoder({ maxMetadataBytes: 0, maxBodyBytes: 0 });
      expect(decoder.push(bytesOf(ping))).toEqual([ping]);
      decoder.push(headerBytes(1, 0));
      expect(decoder.fault?.fault).toEqual(overflow(1, 0));
    });

    it('are judged when a header arrives in pieces, after the packets before it', () => {
      const decoder = new PacketDecoder();
      const bytes = new Uint8Array([...bytesOf(result), ...headerBytes(0, 0xffff_ffff)]);
      expect(pushAll(decoder, [bytes.slice(0, 220), bytes.slice(220)])).toEqual([result]);
      expect(decoder.fault?.kind).toBe('MessageLengthOverflow');
    });

    it.each([undefined, NaN, 'many'])('are not lifted by %p, which only untyped code can pass', (limit) => {
      const limits = { maxMetadataBytes: limit, maxBodyBytes: limit } as unknown as PacketLimits;
      expect(judged(headerBytes(0xffff_ffff, 0), limits)[0]?.kind).toBe('MessageLengthOverflow');
      expect(judged(headerBytes(0, 0xffff_ffff), limits)[0]?.kind).toBe('MessageLengthOverflow');
    });
  });

  describe('copies', () => {
    it('nothing of packets that arrive in one chunk', () => {
      fc.assert(
        fc.property(packetSequences(), fc.nat(7), (sequence, before) => {
          const buffer = new Uint8Array([...new Uint8Array(before), ...bytesOf(...sequence)]);
          const chunk = buffer.subarray(before);
          let decoded: Packet[] = [];
          expect(bytesCopiedBy(() => (decoded = new PacketDecoder().push(chunk)))).toBe(0);
          for (const { metadata, body } of decoded) {
            for (const part of [metadata, body]) if (part.length > 0) expect(part.buffer).toBe(buffer.buffer);
          }
        }),
      );
    });

    it('a byte at most once where packets arrive in several', () => {
      const split = packetSequences(3000).chain((sequence) => splits(bytesOf(...sequence)));
      fc.assert(
        fc.property(split, (chunks) => {
          const pushed = chunks.reduce((sum, { length }) => sum + length, 0);
          const decoder = new PacketDecoder();
          expect(bytesCopiedBy(() => pushAll(decoder, chunks))).toBeLessThanOrEqual(pushed);
        }),
      );
    });

    it.each([1, 7, 100, 1448, 8192])('a byte once where a large body arrives %i at a time', (size) => {
      const large = packet(
        { messageType: MessageType.FrameSubmit },
        result.metadata,
        new Uint8Array(30_000).fill(7),
      );
      const bytes = encodePacket(large);
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.slice(index * size, (index + 1) * size),
      );
      const decoder = new PacketDecoder();
      let decoded: Packet[] = [];
      const copied = bytesCopiedBy(() => (decoded = pushAll(decoder, chunks)));
      expect(decoded).toHaveLength(1);
      expect(Buffer.compare(bytesOf(...decoded), bytes)).toBe(0);
      expect(copied).toBe(size < 40 ? bytes.length : bytes.length - 40);
    });

    it('a trickle as it comes, so that tiny chunks are not held one by one', () => {
      const body = new Uint8Array(20_000).fill(7);
      const bytes = encodePacket(packet({ messageType: MessageType.FrameSubmit }, undefined, body));
      const decoder = new PacketDecoder();
      const copied = bytesCopiedBy(() => {
        for (const byte of bytes.subarray(0, bytes.length - 1)) decoder.push(Uint8Array.of(byte));
      });
      expect(copied).toBe(bytes.length - 1);
    });

    it.each([
      [1024, 'as they came', 9],
      [1025, 'gathered', 7],
    ])('of a packet that waits, %i chunks are kept %s', (chunks, _, expected) => {
      // So large that its length alone would let 8,192 be kept.
      const body = new Uint8Array(4 * 1024 * 1024).fill(7);
      const bytes = encodePacket(packet({ messageType: MessageType.FrameSubmit }, undefined, body));
      const decoder = new PacketDecoder();
      const parts = Array.from({ length: chunks }, (_, at) => bytes.slice(40 + at, 41 + at));
      pushAll(decoder, [bytes.slice(0, 40), ...parts]);
      // Against the rules of `push`: it shows which bytes are the chunks' own.
      for (const part of parts) part[0] = 9;
      const [whole] = decoder.push(bytes.slice(40 + chunks));
      expect([...new Set(whole?.body.subarray(0, chunks))]).toEqual([expected]);
      expect(whole?.body.length).toBe(body.length);
    });
  });

  it('hands on Uint8Arrays, no Buffers, whatever it is fed', () => {
    const bytes = Buffer.from(bytesOf(result));
    const other = new PacketDecoder();
    other.push(bytes.subarray(0, 50));
    for (const [decoded] of [new PacketDecoder().push(bytes), other.push(bytes.subarray(50))]) {
      expect(decoded).toEqual(result);
      expect([decoded?.metadata.constructor, decoded?.body.constructor]).toEqual([Uint8Array, Uint8Array]);
    }
    expect(new PacketDecoder().push(bytes)[0]?.body.buffer).toBe(bytes.buffer);
  });

  it('lets errors through that are no faults of the stream', () => {
    const decoder = new PacketDecoder();
    const noBytes = { length: 10, constructor: Uint8Array } as unknown as Uint8Array;
    expect(() => decoder.push(noBytes)).toThrow(TypeError);
    expect(() => decoder.push(undefined as unknown as Uint8Array)).toThrow(TypeError);
    expect(decoder.fault).toBeUndefined();
    expect(decoder.push(bytesOf(ping))).toEqual([ping]);
  });
});
