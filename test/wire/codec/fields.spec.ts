import { enumeration } from '../../../src/wire/codec/enumeration';
import * as fields from '../../../src/wire/codec/fields';

describe('fields', () => {
  const Tide = enumeration('tide', { Low: 0, High: 2 });

  it.each([
    [fields.u8(3), { kind: 'number', offset: 3, width: 1 }],
    [fields.u16(3), { kind: 'number', offset: 3, width: 2 }],
    [fields.u32(3), { kind: 'number', offset: 3, width: 4 }],
    [fields.u64(3), { kind: 'number', offset: 3, width: 8 }],
    [fields.enumU8(3, Tide), { kind: 'enum', offset: 3, width: 1, values: Tide }],
    [fields.enumU16(3, Tide), { kind: 'enum', offset: 3, width: 2, values: Tide }],
    [fields.enumU32(3, Tide), { kind: 'enum', offset: 3, width: 4, values: Tide }],
    [fields.maskU8(3, 0x0f), { kind: 'mask', offset: 3, width: 1, allowed: 0x0f }],
    [fields.maskU16(3, 0x0f), { kind: 'mask', offset: 3, width: 2, allowed: 0x0f }],
    [fields.maskU32(3, 0x0f), { kind: 'mask', offset: 3, width: 4, allowed: 0x0f }],
    [fields.zeroU16(3), { kind: 'zero', offset: 3, width: 2 }],
    [fields.flagU32(3, 'rule'), { kind: 'flag', offset: 3, width: 4, rule: 'rule' }],
  ])('%j', (field, expected) => {
    expect(field).toEqual(expected);
  });
});
