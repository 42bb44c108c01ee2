import { enumeration } from '../../../src/wire/codec/enumeration';
import {
  enumU16,
  enumU32,
  enumU8,
  flagU32,
  maskU16,
  maskU32,
  maskU8,
  u16,
  u32,
  u64,
  u8,
  zeroU16,
} from '../../../src/wire/codec/fields';
import type { Codec, Layout, LayoutValue, RecordDefinition } from '../../../src/wire/codec/layout';

export type MakeCodec = <const L extends Layout>(definition: RecordDefinition<L>) => Codec<LayoutValue<L>>;

export const Colour = enumeration('colour', { Red: 0, Green: 3 });
export const Shade = enumeration('shade', { Light: 1, Dark: 200 });
/** Values above 255, and above 2^31: no table of 256 places holds them. */
export const ErrorCode = enumeration('error_code', { None: 0x30000, Miss: 0x30001, Vendor: 0xf000_0001 });

/** One field of each kind and width, none of them aligned. */
export const sample = {
  name: 'SampleMetadata',
  length: 44,
  magic: [0xaa, 0xbb],
  fields: {
    byte: u8(2),
    half: u16(3),
    word: u32(5),
    long: u64(9),
    enumByte: enumU8(17, Colour),
    enumHalf: enumU16(18, Shade),
    enumWord: enumU32(20, ErrorCode),
    maskByte: maskU8(24, 0x81),
    maskHalf: maskU16(25, 0x8001),
    maskWord: maskU32(27, 0x8000_0001),
    zero: zeroU16(31),
    flag: flagU32(33, 'flag must be 0 or 1'),
  },
  reserved: { reserved0: u8(37), reserved1: u16(38), reserved2: u32(40) },
} as const satisfies RecordDefinition;

export const value: LayoutValue<typeof sample.fields> = {
  byte: 0xfe,
  half: 0xfedc,
  word: 0xfedcba98,
  long: 0xfedcba98_76543210n,
  enumByte: Colour.Green,
  enumHalf: Shade.Dark,
  enumWord: ErrorCode.Vendor,
  maskByte: 0x81,
  maskHalf: 0x8001,
  maskWord: 0x8000_0001,
  zero: 0,
  flag: true,
};
export const hex = [
  'aabb fe dcfe 98badcfe 1032547698badcfe 03 c800 010000f0',
  '81 0180 01000080 0000 01000000 00 0000 00000000',
]
  .join('')
  .replaceAll(' ', '');

/** The codec of the sample, and what encodes with it whatever is given. */
export function sampleCodec(make: MakeCodec) {
  const codec = make(sample);
  return {
    codec,
    encode: (given: unknown): Uint8Array => {
      const bytes = new Uint8Array(sample.length);
      codec.encodeInto(given as typeof value, bytes, 0);
      return bytes;
    },
  };
}
