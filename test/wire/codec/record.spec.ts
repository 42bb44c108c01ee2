import { enumeration, without } from '../../../src/wire/codec/enumeration';
import { record, revised } from '../../../src/wire/codec/record';
import { enumU8, i16, maskU8, u16, u32, u8 } from '../../../src/wire/codec/fields';
import { everyRecord } from '../../support/arbitraries';
import { faultOf } from '../fault-of';

const Point = record({
  name: 'PointMetadata',
  length: 6,
  fields: { x: u16(0), y: u16(2), tag: u8(4) },
  reserved: { reserved0: u8(5) },
});

describe('record', () => {
  it('has the name and the length of its definition', () => {
    expect(Point).toMatchObject({ name: 'PointMetadata', length: 6 });
    expect(Point.definition.fields).toHaveProperty('tag');
  });

  it('encodes into new bytes of its length', () => {
    const bytes = Point.encode({ x: 1, y: 0x203, tag: 4 });
    expect(bytes).toEqual(Uint8Array.of(1, 0, 3, 2, 4, 0));
    expect(bytes.buffer.byteLength).toBe(6);
    expect(Point.encode({ x: 1, y: 0x203, tag: 4 }).buffer).not.toBe(bytes.buffer);
  });

  it('reads and writes at the start unless told otherwise', () => {
    const bytes = new Uint8Array(8);
    Point.encodeInto({ x: 1, y: 2, tag: 3 }, bytes);
    expect(bytes).toEqual(Uint8Array.of(1, 0, 2, 0, 3, 0, 0, 0));
    Point.encodeInto({ x: 1, y: 2, tag: 3 }, bytes, 2);
    expect(bytes).toEqual(Uint8Array.of(1, 0, 1, 0, 2, 0, 3, 0));
    expect(Point.decode(bytes)).toEqual({ x: 1, y: 1, tag: 2 });
    expect(Point.decode(bytes, 2)).toEqual({ x: 1, y: 2, tag: 3 });
  });

  it('checks without a value, and reads one field', () => {
    const bytes = Uint8Array.of(9, 9, 1, 0, 2, 3, 4, 0);
    expect(Point.check(bytes, 2)).toBeUndefined();
    expect(Point.read.y(bytes, 2)).toBe(0x302);
    expect(Point.read.tag(bytes)).toBe(2);
    expect(faultOf(() => Point.check(bytes))).toEqual({
      kind: 'NonZeroReservedField',
      field: 'point.reserved0',
    });
    expect(faultOf(() => Point.check(bytes, 3))).toEqual(faultOf(() => Point.decode(bytes, 3)));
  });

  it('says what is missing at an offset', () => {
    expect(faultOf(() => Point.decode(new Uint8Array(8), 3))).toEqual({
      kind: 'SourceTooShort',
      expected: 6,
      actual: 5,
    });
    expect(faultOf(() => Point.encodeInto(Point.of(), new Uint8Array(8), 3))).toEqual({
      kind: 'DestinationTooShort',
      expected: 6,
      actual: 5,
    });
  });

  it('makes a whole value of some fields, or of none', () => {
    expect(Point.of()).toEqual({ x: 0, y: 0, tag: 0 });
    expect(Point.of({ y: 7 })).toEqual({ x: 0, y: 7, tag: 0 });
  });

  it('works without its receiver', () => {
    const { decode, encode } = Point;
    expect(decode(encode({ x: 1, y: 2, tag: 3 }))).toEqual({ x: 1, y: 2, tag: 3 });
  });

  it('refuses a definition that does not hold', () => {
    expect(() => record({ name: 'Odd', length: 4, fields: { late: u32(1) } })).toThrow(
      new RangeError('Odd.late lies outside the 4 bytes of its record'),
    );
  });
});

describe('a signed field', () => {
  const Signed = record({ name: 'Signed', length: 2, fields: { delta: i16(0) } });

  it.each([
    [-32768, [0x00, 0x80]],
    [-1, [0xff, 0xff]],
    [0, [0, 0]],
    [32767, [0xff, 0x7f]],
  ])('%i', (delta, bytes) => {
    expect([...Signed.encode({ delta })]).toEqual(bytes);
    expect(Signed.decode(Uint8Array.from(bytes))).toEqual({ delta });
    expect(Signed.read.delta(Uint8Array.from(bytes))).toBe(delta);
  });

  it.each([-32769, 32768, 0.5, NaN, '1'])('refuses %p', (delta) => {
    expect(() => Signed.encode({ delta } as { delta: number })).toThrow(
      /^signed.delta must be an integer from -32768 to 32767, got /,
    );
  });
});

describe('revised', () => {
  const Level = enumeration('level', { Low: 0, High: 1, Highest: 2 });
  const Old = record({
    name: 'LevelMetadata',
    length: 3,
    fields: { level: enumU8(0, without(Level, 'Highest')), flags: maskU8(1, 0x1) },
    reserved: { reserved: u8(2) },
  });
  const New = revised(Old, { fields: { level: enumU8(0, Level) } });

  it('has other fields in place of those of their name, and the rest as before', () => {
    expect(New.decode(Uint8Array.of(2, 1, 0))).toEqual({ level: Level.Highest, flags: 1 });
    expect(faultOf(() => Old.decode(Uint8Array.of(2, 1, 0)))).toEqual({
      kind: 'UnknownEnumValue',
      enumName: 'level',
      value: 2,
    });
  });

  it('may be checked in another order', () => {
    const bytes = Uint8Array.of(0, 2, 1);
    const MasksFirst = record({ ...Old.definition, checkedFirst: 'masks' });
    expect(faultOf(() => New.decode(bytes)).kind).toBe('NonZeroReservedField');
    expect(faultOf(() => MasksFirst.decode(bytes)).kind).toBe('ReservedBitsSet');
  });
});

describe('the layouts of the protocol', () => {
  // The one overlap of preview3: a reserved u64 at 32 covers tile_index_bytes at 36.
  const overlaps = new Map([['FrameSubmitMetadata', [36, 37, 38, 39]]]);

  it.each(everyRecord)(
    '%s: every byte is of one field, reserved or magic',
    (name, { length, definition }) => {
      const { fields, reserved = {}, magic = [] } = definition;
      const owners = Array.from({ length }, (_, at): number => (at < magic.length ? 1 : 0));
      for (const { offset, width } of [...Object.values(fields), ...Object.values(reserved)]) {
        for (let at = offset; at < offset + width; at += 1) owners[at] = (owners[at] ?? NaN) + 1;
      }
      const expected = owners.map((_, at) => (overlaps.get(name)?.includes(at) === true ? 2 : 1));
      expect(owners).toEqual(expected);
    },
  );

  it.each(everyRecord)('%s is called what its key says', (name, { name: own, length, definition }) => {
    expect([own, definition.name, definition.length]).toEqual([name.split(' ')[0], own, length]);
  });
});
