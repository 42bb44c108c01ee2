import { enumU8, maskU8, u64, u8 } from '../../../src/wire/codec/fields';
import { breaksRule, NnrpError } from '../../../src/wire/errors';
import { fromHex, toHex } from '../../support/hex';
import { errorOf, faultOf, outcomeOf } from '../fault-of';
import { Colour, ErrorCode, hex, sample, value, sampleCodec, type MakeCodec } from './codec-sample';

/** What both codecs refuse, and in which order; a part of their contract. */
export function describeChecks(make: MakeCodec): void {
  const { codec, encode } = sampleCodec(make);
  const changed = (edits: Readonly<Record<number, number>>): Uint8Array => Object.assign(fromHex(hex), edits);

  describe('checks of reading', () => {
    it.each([0, 1])('the magic, byte %i', (at) => {
      expect(faultOf(() => codec.decode(changed({ [at]: 0 }), 0))).toEqual({ kind: 'InvalidMagic' });
    });

    it.each([
      [37, 'sample.reserved0'],
      [38, 'sample.reserved1'],
      [39, 'sample.reserved1'],
      [40, 'sample.reserved2'],
      [43, 'sample.reserved2'],
    ])('a reserved place, byte %i', (at, field) => {
      expect(faultOf(() => codec.decode(changed({ [at]: 0x80 }), 0))).toEqual({
        kind: 'NonZeroReservedField',
        field,
      });
    });

    it('a reserved u64, both words', () => {
      const wide = make({ name: 'Wide', length: 8, fields: {}, reserved: { reserved: u64(0) } });
      for (const at of [0, 3, 4, 7]) {
        const bytes = Object.assign(new Uint8Array(8), { [at]: 1 });
        expect(faultOf(() => wide.decode(bytes, 0))).toEqual({
          kind: 'NonZeroReservedField',
          field: 'wide.reserved',
        });
      }
    });

    it.each([31, 32])('a visible field that must be 0, byte %i', (at) => {
      const fault = faultOf(() => codec.decode(changed({ [at]: 1 }), 0));
      expect(fault).toEqual({ kind: 'NonZeroReservedField', field: 'sample.zero' });
    });

    it.each([
      [{ 24: 0x83 }, 'sample.mask_byte', 0x83, 0x81],
      [{ 26: 0xc0 }, 'sample.mask_half', 0xc001, 0x8001],
      [{ 30: 0xff }, 'sample.mask_word', 0xff00_0001, 0x8000_0001],
    ] as const)('bits outside a mask %j', (edits, field, actual, allowed) => {
      expect(faultOf(() => codec.decode(changed(edits), 0))).toEqual({
        kind: 'ReservedBitsSet',
        field,
        value: actual,
        allowed,
      });
    });

    it.each([
      ['maskByte', 24, 8, 0x81],
      ['maskHalf', 25, 16, 0x8001],
      ['maskWord', 27, 32, 0x8000_0001],
    ] as const)('every single bit of %s', (name, offset, width, allowed) => {
      for (let bit = 0; bit < width; bit += 1) {
        const mask = (1 << bit) >>> 0;
        const bytes = fromHex(hex);
        bytes.fill(0, offset, offset + width / 8);
        bytes[offset + (bit >> 3)] = 1 << (bit & 7);
        const isAllowed = (mask & allowed) >>> 0 === mask;
        const outcome = outcomeOf(() => codec.decode(bytes, 0));
        if (isAllowed) expect(outcome).toEqual({ value: { ...value, [name]: mask } });
        else expect(outcome).toMatchObject({ fault: { kind: 'ReservedBitsSet', value: mask, allowed } });
        expect(outcomeOf(() => toHex(encode({ ...value, [name]: mask })))).toEqual(
          isAllowed ? { value: toHex(bytes) } : outcome,
        );
      }
    });

    it.each([
      [{ 17: 1 }, 'colour', 1],
      [{ 17: 0xff }, 'colour', 0xff],
      [{ 18: 0 }, 'shade', 0],
      [{ 19: 1 }, 'shade', 0x1c8],
      [{ 20: 2 }, 'error_code', 0xf000_0002],
      [{ 20: 0, 23: 0 }, 'error_code', 0],
      [{ 23: 0xff }, 'error_code', 0xff00_0001],
    ] as const)('values that an enumeration has not %j', (edits, enumName, actual) => {
      const fault = faultOf(() => codec.decode(changed(edits), 0));
      expect(fault).toEqual({ kind: 'UnknownEnumValue', enumName, value: actual });
    });

    it.each(Object.values(ErrorCode))('takes %d of a sparse enumeration', (code) => {
      const bytes = encode({ ...value, enumWord: code });
      expect(codec.decode(bytes, 0).enumWord).toBe(code);
    });

    it.each([{ 33: 2 }, { 34: 1 }, { 36: 0x80 }])('a flag that is neither 0 nor 1 %j', (edits) => {
      expect(faultOf(() => codec.decode(changed(edits), 0))).toEqual({
        kind: 'InvalidProtocolCombination',
        rule: 'flag must be 0 or 1',
      });
    });
  });

  describe('checks of writing', () => {
    const max = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff } as const;

    describe.each([
      ['byte', 'sample.byte', 1],
      ['half', 'sample.half', 2],
      ['word', 'sample.word', 4],
      ['enumByte', 'sample.enum_byte', 1],
      ['enumHalf', 'sample.enum_half', 2],
      ['enumWord', 'sample.enum_word', 4],
      ['maskByte', 'sample.mask_byte', 1],
      ['maskHalf', 'sample.mask_half', 2],
      ['maskWord', 'sample.mask_word', 4],
      ['zero', 'sample.zero', 2],
    ] as const)('%s', (name, field, width) => {
      it.each([
        ['one more than fits', max[width] + 1],
        ['far more than fits', Number.MAX_SAFE_INTEGER],
        ['negative', -1],
        ['a fraction', 0.5],
        ['NaN', NaN],
        ['infinite', Infinity],
        ['missing', undefined],
        ['null', null],
        ['a bigint', 0n],
        ['text', '0'],
        ['a boolean', false],
        ['an object', { valueOf: () => 0 }],
        ['a symbol', Symbol('0')],
      ])('%s', (_, wrong) => {
        const fault = faultOf(() => encode({ ...value, [name]: wrong }));
        expect(fault).toEqual({ kind: 'ValueOutOfRange', field, value: wrong, max: max[width] });
      });
    });

    it.each([
      ['byte', [0, 1, 0xff]],
      ['half', [0, 0x100, 0xffff]],
      ['word', [0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]],
      [
        'long',
        [0n, 0xffff_ffffn, 0x1_0000_0000n, 0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 2n ** 64n - 1n],
      ],
    ] as const)('%s takes what fits', (name, values) => {
      for (const fitting of values) {
        expect(codec.decode(encode({ ...value, [name]: fitting }), 0)).toEqual({ ...value, [name]: fitting });
      }
    });

    it.each([
      ['one more than fits', 2n ** 64n],
      ['negative', -1n],
      ['a number', 5],
      ['missing', undefined],
      ['null', null],
      ['text', '5'],
    ])('long %s', (_, wrong) => {
      expect(faultOf(() => encode({ ...value, long: wrong }))).toEqual({
        kind: 'ValueOutOfRange',
        field: 'sample.long',
        value: wrong,
        max: 2n ** 64n - 1n,
      });
    });

    it.each([0, 1, 2, undefined, null, 'true', 1n])('flag %p', (wrong) => {
      expect(faultOf(() => encode({ ...value, flag: wrong }))).toEqual({
        kind: 'ValueOutOfRange',
        field: 'sample.flag',
        value: wrong,
        max: true,
      });
    });

    it.each([
      [{ maskByte: 2 }, { kind: 'ReservedBitsSet', field: 'sample.mask_byte', value: 2, allowed: 0x81 }],
      [
        { maskWord: 2 ** 30 },
        { kind: 'ReservedBitsSet', field: 'sample.mask_word', value: 2 ** 30, allowed: 2147483649 },
      ],
      [{ zero: 1 }, { kind: 'NonZeroReservedField', field: 'sample.zero' }],
      [{ enumByte: 1 }, { kind: 'UnknownEnumValue', enumName: 'colour', value: 1 }],
      [{ enumHalf: 0xffff }, { kind: 'UnknownEnumValue', enumName: 'shade', value: 0xffff }],
      [{ enumWord: 0xffff_ffff }, { kind: 'UnknownEnumValue', enumName: 'error_code', value: 0xffff_ffff }],
    ])('the same as of reading %j', (wrong, fault) => {
      expect(faultOf(() => encode({ ...value, ...wrong }))).toEqual(fault);
    });

    it('writes nothing where a check fails', () => {
      const bytes = new Uint8Array(sample.length).fill(0xee);
      for (const wrong of [{ byte: 256 }, { enumByte: 1 }, { maskByte: 2 }, { flag: 1 }, { zero: 1 }]) {
        const given = { ...value, ...wrong } as unknown as typeof value;
        expect(errorOf(() => codec.encodeInto(given, bytes, 0))).toBeInstanceOf(NnrpError);
      }
      expect(toHex(bytes)).toBe('ee'.repeat(sample.length));
    });
  });

  describe('order of checks', () => {
    const ordered = make({
      name: 'Ordered',
      length: 6,
      magic: [1],
      fields: { colour: enumU8(2, Colour), mask: maskU8(3, 1), byte: u8(4) },
      reserved: { reserved: u8(5) },
      first: (bytes, at) => {
        if (bytes[at + 1] !== 0) breaksRule('first');
      },
      rules: ({ byte }) => {
        if (byte !== 0) breaksRule('last');
      },
    });
    it('on reading: magic, first, reserved, masks, enumerations, rules', () => {
      // Everything is wrong; each step mends what the step before it found.
      const bytes = Uint8Array.from([9, 0, 1, 9, 9, 9, 9]);
      const steps = [
        [0, 0, { kind: 'InvalidMagic' }],
        [1, 1, { kind: 'InvalidProtocolCombination', rule: 'first' }],
        [2, 0, { kind: 'NonZeroReservedField', field: 'ordered.reserved' }],
        [6, 0, { kind: 'ReservedBitsSet', field: 'ordered.mask', value: 9, allowed: 1 }],
        [4, 0, { kind: 'UnknownEnumValue', enumName: 'colour', value: 9 }],
        [3, 0, { kind: 'InvalidProtocolCombination', rule: 'last' }],
      ] as const;
      for (const [at, byte, fault] of steps) {
        bytes[at] = byte;
        expect(faultOf(() => ordered.decode(bytes, 1))).toEqual(fault);
      }
      bytes[5] = 0;
      expect(ordered.decode(bytes, 1)).toEqual({ colour: 0, mask: 0, byte: 0 });
    });

    it('on writing: range, masks, enumerations, rules', () => {
      const encodeOrdered = (given: { colour: number; mask: number; byte: number }) => () =>
        ordered.encodeInto(given as never, new Uint8Array(6), 0);
      expect(faultOf(encodeOrdered({ colour: 9, mask: 9, byte: 300 })).kind).toBe('ValueOutOfRange');
      expect(faultOf(encodeOrdered({ colour: 9, mask: 9, byte: 9 })).kind).toBe('ReservedBitsSet');
      expect(faultOf(encodeOrdered({ colour: 9, mask: 1, byte: 9 })).kind).toBe('UnknownEnumValue');
      expect(faultOf(encodeOrdered({ colour: 3, mask: 1, byte: 9 })).kind).toBe('InvalidProtocolCombination');
      expect(encodeOrdered({ colour: 3, mask: 1, byte: 0 })).not.toThrow();
    });
  });
}
