import { checkDefinition, knownValues, planOf, zeroOf } from '../../../src/wire/codec/checks';
import { enumeration } from '../../../src/wire/codec/enumeration';
import {
  enumU8,
  enumU16,
  enumU32,
  flagU32,
  maskU8,
  u16,
  u32,
  u64,
  u8,
  zeroU16,
} from '../../../src/wire/codec/fields';
import type { Field } from '../../../src/wire/codec/fields';

const Small = enumeration('small', { One: 1, Last: 255 });
const Large = enumeration('large', { None: 0x30000, Top: 0xffff_ffff });

describe('knownValues', () => {
  const enumField = (values: typeof Small | typeof Large) => enumU32(0, values) as Field & { kind: 'enum' };

  it.each([Small, Large])('%j', (values) => {
    const known = knownValues(enumField(values));
    for (const value of Object.values(values)) {
      expect([value, known(value), known(value - 1)]).toEqual([value, true, false]);
    }
    for (const value of [256, 511, 2 ** 31, -1, NaN, 1.5]) expect(known(value)).toBe(false);
  });
});

describe('zeroOf', () => {
  it.each([
    [u32(0), 0],
    [u64(0), 0n],
    [maskU8(0, 1), 0],
    [zeroU16(0), 0],
    [flagU32(0, ''), false],
    [enumU8(0, Small), 1],
    [enumU32(0, Large), 0x30000],
  ])('%j', (field, zero) => {
    expect(zeroOf(field)).toBe(zero);
  });
});

describe('planOf', () => {
  it('sorts fields into the stages of checking, in the order of the definition', () => {
    const plan = planOf({
      name: 'PlanMetadata',
      length: 20,
      fields: { b: u8(0), e: enumU8(1, Small), f: flagU32(2, ''), m: maskU8(6, 1), z: zeroU16(7) },
      reserved: { r: u16(9) },
    });
    const paths = (stage: 'fields' | 'masks' | 'enums' | 'reserved') => plan[stage].map(({ path }) => path);
    expect(paths('fields')).toEqual(['plan.b', 'plan.e', 'plan.f', 'plan.m', 'plan.z']);
    expect(paths('masks')).toEqual(['plan.f', 'plan.m', 'plan.z']);
    expect(paths('enums')).toEqual(['plan.e']);
    expect(paths('reserved')).toEqual(['plan.r']);
  });
});

describe('checkDefinition', () => {
  const definition = { name: 'Odd', length: 8, fields: {} };

  it.each([
    [{ ...definition, fields: { late: u32(5) } }, 'Odd.late lies outside the 8 bytes of its record'],
    [{ ...definition, fields: { early: u8(-1) } }, 'Odd.early lies outside the 8 bytes of its record'],
    [{ ...definition, reserved: { spare: u64(1) } }, 'Odd.spare lies outside the 8 bytes of its record'],
    [{ ...definition, fields: { code: enumU16(0, Large) } }, 'Odd.code is too narrow for its enumeration'],
    [{ ...definition, magic: [1, 2, 3, 4, 5, 6, 7, 8, 9] }, 'Odd: the magic is longer than the record'],
  ])('refuses %j', (odd, message) => {
    expect(() => checkDefinition(odd)).toThrow(new RangeError(message));
  });

  it('takes fields up to the last byte', () => {
    expect(() =>
      checkDefinition({ ...definition, fields: { all: u64(0), code: enumU32(4, Large) } }),
    ).not.toThrow();
  });
});
