import fc from 'fast-check';
import { NnrpError } from '../../../src/wire/errors';
import { everyRecord, nearEncodings, recordValues } from '../../support/arbitraries';
import { fromHex, toHex } from '../../support/hex';
import { faultOf } from '../fault-of';
import { Colour, ErrorCode, hex, sample, Shade, value, sampleCodec, type MakeCodec } from './codec-sample';
import { describeChecks } from './codec-checks-contract';

/** What both codecs promise; each spec calls it with its own. */
export function describeCodec(make: MakeCodec): void {
  const { codec, encode } = sampleCodec(make);
  /** A value of what each field's own reader says. */
  const readEach = (bytes: Uint8Array, offset: number): unknown =>
    Object.fromEntries(Object.entries(codec.read).map(([field, read]) => [field, read(bytes, offset)]));

  describe('layout', () => {
    it('writes little-endian at the offsets of the definition', () => {
      expect(toHex(encode(value))).toBe(hex);
    });

    it('reads what it wrote', () => {
      expect(codec.decode(fromHex(hex), 0)).toEqual(value);
    });

    it('shows the fields in the order of the definition', () => {
      expect(Object.keys(codec.decode(fromHex(hex), 0))).toEqual(Object.keys(sample.fields));
      expect(Object.keys(codec.of({ flag: true, byte: 1 }))).toEqual(Object.keys(sample.fields));
    });

    it.each([1, 2, 3, 7, 64])('reads and writes at offset %i of a larger buffer', (offset) => {
      const bytes = new Uint8Array(offset + sample.length + 5).fill(0xee);
      codec.encodeInto(value, bytes, offset);
      expect(toHex(bytes)).toBe('ee'.repeat(offset) + hex + 'ee'.repeat(5));
      expect(codec.decode(bytes, offset)).toEqual(value);
      expect(codec.check(bytes, offset)).toBeUndefined();
      expect(readEach(bytes, offset)).toEqual(value);
    });

    it('counts offsets from the start of a view, not of its buffer', () => {
      const view = new Uint8Array(new ArrayBuffer(128), 37, 60).fill(0xee);
      codec.encodeInto(value, view, 9);
      expect(toHex(new Uint8Array(view.buffer, 46, sample.length))).toBe(hex);
      expect(new Uint8Array(view.buffer, 0, 37).every((byte) => byte === 0)).toBe(true);
      expect(codec.decode(view, 9)).toEqual(value);
      expect(codec.check(view, 9)).toBeUndefined();
      expect(readEach(view, 9)).toEqual(value);
    });

    it('takes a Node Buffer', () => {
      expect(codec.decode(Buffer.from(hex, 'hex'), 0)).toEqual(value);
      const bytes = Buffer.alloc(sample.length);
      codec.encodeInto(value, bytes, 0);
      expect(bytes.toString('hex')).toBe(hex);
    });

    it('clears what stood in the reserved places', () => {
      const bytes = new Uint8Array(sample.length).fill(0xff);
      codec.encodeInto(codec.of({ enumHalf: Shade.Light, enumWord: ErrorCode.None }), bytes, 0);
      expect(toHex(bytes)).toBe(`aabb${'00'.repeat(16)}010000000300${'00'.repeat(20)}`);
    });
  });

  describe('too short', () => {
    it.each([
      [0, 0],
      [sample.length - 1, 0],
      [sample.length, 1],
      [2 * sample.length, sample.length + 1],
      [3, 100],
    ])('a buffer of %i bytes at offset %i', (length, offset) => {
      const actual = Math.max(0, length - offset);
      const bytes = new Uint8Array(length);
      expect(faultOf(() => codec.decode(bytes, offset))).toEqual({
        kind: 'SourceTooShort',
        expected: sample.length,
        actual,
      });
      expect(faultOf(() => codec.check(bytes, offset))).toEqual(faultOf(() => codec.decode(bytes, offset)));
      expect(faultOf(() => codec.encodeInto(value, bytes, offset))).toEqual({
        kind: 'DestinationTooShort',
        expected: sample.length,
        actual,
      });
    });

    it.each([-1, 0.5, NaN, Infinity, -Infinity])(
      'refuses %d as an offset, which no peer can cause',
      (offset) => {
        const bytes = new Uint8Array(3 * sample.length);
        expect(() => codec.decode(bytes, offset)).toThrow(
          new RangeError(`an offset must be an integer from 0, got ${offset}`),
        );
        expect(() => codec.check(bytes, offset)).toThrow(RangeError);
        expect(() => codec.encodeInto(value, bytes, offset)).toThrow(RangeError);
      },
    );

    it('does not take an ArrayBuffer for bytes', () => {
      const buffer = fromHex(hex).buffer as unknown as Uint8Array;
      expect(() => codec.decode(buffer, 0)).toThrow(NnrpError);
      expect(() => codec.encodeInto(value, buffer, 0)).toThrow(NnrpError);
    });
  });

  describeChecks(make);

  describe('of', () => {
    it('fills in zeros, and the lowest value of an enumeration without 0', () => {
      expect(codec.of({})).toEqual({
        byte: 0,
        half: 0,
        word: 0,
        long: 0n,
        enumByte: Colour.Red,
        enumHalf: Shade.Light,
        enumWord: ErrorCode.None,
        maskByte: 0,
        maskHalf: 0,
        maskWord: 0,
        zero: 0,
        flag: false,
      });
    });

    it('keeps what is given', () => {
      expect(codec.of(value)).toEqual(value);
    });

    it('takes undefined for not given, and leaves out what is no field', () => {
      const given = { byte: undefined, half: 7, colour: 'none' } as unknown as Partial<typeof value>;
      expect(codec.of(given)).toEqual({ ...codec.of({}), half: 7 });
    });

    it('makes a new value every time', () => {
      expect(codec.of(value)).not.toBe(value);
      expect(codec.of({})).not.toBe(codec.of({}));
    });
  });

  describe('what JSON shows', () => {
    const shown = { ...value, long: '18364758544493064720' };

    it('has a u64 in decimal digits, whether it was read or made', () => {
      expect(JSON.parse(JSON.stringify(codec.decode(fromHex(hex), 0)))).toEqual(shown);
      expect(JSON.parse(JSON.stringify([codec.of(value)]))).toEqual([shown]);
    });

    it('leaves the value as it was: a bigint, in an object with nothing but the fields', () => {
      const decoded = codec.decode(fromHex(hex), 0);
      JSON.stringify(decoded);
      expect(decoded).toStrictEqual(value);
    });
  });

  describe('every record of the protocol', () => {
    it.each(everyRecord)('%s: what is encoded decodes to the same', (_, record) => {
      const own = make(record.definition);
      fc.assert(
        fc.property(recordValues(record), fc.nat(9), (given, offset) => {
          const bytes = new Uint8Array(offset + record.length + 3).fill(0xee);
          own.encodeInto(given, bytes, offset);
          expect(own.decode(bytes, offset)).toEqual(given);
          expect(bytes.subarray(0, offset).every((byte) => byte === 0xee)).toBe(true);
          expect(bytes.subarray(offset + record.length).every((byte) => byte === 0xee)).toBe(true);
        }),
      );
    });

    it.each(everyRecord)('%s: what decodes is encoded to the same bytes', (_, record) => {
      const own = make(record.definition);
      let accepted = 0;
      fc.assert(
        fc.property(nearEncodings(record), (bytes) => {
          let decoded: unknown;
          try {
            decoded = own.decode(bytes, 0);
          } catch (error) {
            expect(error).toBeInstanceOf(NnrpError);
            return;
          }
          accepted += 1;
          const again = new Uint8Array(record.length);
          own.encodeInto(decoded as never, again, 0);
          expect(toHex(again)).toBe(toHex(bytes.subarray(0, record.length)));
        }),
      );
      expect(accepted).toBeGreaterThan(0);
    });
  });
}
