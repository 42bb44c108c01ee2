import fc from 'fast-check';
import { BodyRegionPrelude, joinBody, splitBody, type BodyRegions } from '../../../src/wire';
import { faultOf } from '../fault-of';

const regions = (): fc.Arbitrary<BodyRegions> => {
  const part = fc.uint8Array({ maxLength: 40 });
  return fc.record({
    inlineObjects: part,
    objectReferences: fc
      .nat(3)
      .chain((count) => fc.uint8Array({ minLength: 16 * count, maxLength: 16 * count })),
    typedPayloadDescriptors: part,
    typedPayloadFrames: part,
    extensionDescriptors: part,
    extensionPayloads: part,
  });
};

describe('BodyRegionPrelude', () => {
  const rule = 'object_reference_bytes must be a multiple of object reference block length';

  it.each([1, 8, 15, 24, 0xffff_ffff])(
    'object references of %i bytes are no whole blocks',
    (objectReferenceBytes) => {
      const fault = { kind: 'InvalidProtocolCombination', rule };
      const bytes = new Uint8Array(32);
      new DataView(bytes.buffer).setUint32(4, objectReferenceBytes, true);
      expect(faultOf(() => BodyRegionPrelude.decode(bytes))).toEqual(fault);
      expect(faultOf(() => BodyRegionPrelude.encode(BodyRegionPrelude.of({ objectReferenceBytes })))).toEqual(
        fault,
      );
    },
  );

  it.each([
    [24, 'body_region_prelude.body_flags'],
    [31, 'body_region_prelude.reserved'],
  ])('byte %i is reserved', (at, field) => {
    const bytes = Object.assign(new Uint8Array(32), { [at]: 1 });
    expect(faultOf(() => BodyRegionPrelude.decode(bytes))).toEqual({ kind: 'NonZeroReservedField', field });
  });
});

describe('splitBody and joinBody', () => {
  it('are each other’s inverse', () => {
    fc.assert(
      fc.property(regions(), (given) => {
        expect(splitBody(joinBody(given))).toEqual(given);
      }),
    );
  });

  it('put the regions in the order of the prelude', () => {
    const body = joinBody({
      extensionPayloads: Uint8Array.of(6),
      inlineObjects: Uint8Array.of(1, 1),
      typedPayloadFrames: Uint8Array.of(4),
    });
    expect([...body.subarray(32)]).toEqual([1, 1, 4, 6]);
    expect(BodyRegionPrelude.decode(body)).toEqual({
      inlineObjectBytes: 2,
      objectReferenceBytes: 0,
      typedPayloadDescriptorBytes: 0,
      typedPayloadFrameBytes: 1,
      extensionDescriptorBytes: 0,
      extensionPayloadBytes: 1,
    });
  });

  it('need no region', () => {
    expect(joinBody({})).toEqual(new Uint8Array(32));
    expect(Object.values(splitBody(new Uint8Array(32))).every(({ length }) => length === 0)).toBe(true);
  });

  it('split into views, which copy nothing', () => {
    const buffer = new Uint8Array(50);
    buffer.set(joinBody({ inlineObjects: Uint8Array.of(1, 2), typedPayloadFrames: Uint8Array.of(3) }), 10);
    const { inlineObjects, typedPayloadFrames } = splitBody(buffer.subarray(10, 45));
    expect([inlineObjects.buffer, inlineObjects.byteOffset]).toEqual([buffer.buffer, 42]);
    expect([typedPayloadFrames.buffer, typedPayloadFrames.byteOffset]).toEqual([buffer.buffer, 44]);
  });

  it('refuse a body that the regions do not cover exactly', () => {
    const body = joinBody({ inlineObjects: Uint8Array.of(1, 2) });
    const mismatch = (actual: number) => ({ kind: 'PacketLengthMismatch', declared: 34, actual });
    expect(faultOf(() => splitBody(body.subarray(0, 33)))).toEqual(mismatch(33));
    expect(faultOf(() => splitBody(new Uint8Array([...body, 0])))).toEqual(mismatch(35));
  });

  it('refuse a body that has no room for the prelude', () => {
    const fault = { kind: 'SourceTooShort', expected: 32, actual: 31 };
    expect(faultOf(() => splitBody(new Uint8Array(31)))).toEqual(fault);
  });

  it('refuse lengths whose sum overflows a u32', () => {
    const huge = BodyRegionPrelude.encode(
      BodyRegionPrelude.of({ inlineObjectBytes: 0xffff_ffff, extensionPayloadBytes: 1 }),
    );
    expect(faultOf(() => splitBody(huge))).toEqual({
      kind: 'MessageLengthOverflow',
      declared: 0x1_0000_0000,
      limit: 0xffff_ffff,
    });
    const largest = BodyRegionPrelude.encode(
      BodyRegionPrelude.of({ inlineObjectBytes: 0xffff_fffe, extensionPayloadBytes: 1 }),
    );
    expect(faultOf(() => splitBody(largest)).kind).toBe('PacketLengthMismatch');
  });

  it('do not join object references that are no whole blocks', () => {
    expect(faultOf(() => joinBody({ objectReferences: new Uint8Array(17) })).kind).toBe(
      'InvalidProtocolCombination',
    );
  });
});
