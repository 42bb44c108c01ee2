import fc from 'fast-check';
import {
  CacheObjectKind,
  checkObjectRefMask,
  checkSubmitReferences,
  decodeObjectReferences,
  encodeObjectReferences,
  ObjectReferenceBlock,
  SubmitMode,
} from '../../../src/wire';
import { recordValues } from '../../support/arbitraries';
import { faultOf } from '../fault-of';

const { CameraBlock, TileIndexBlock, TensorSectionTable, PayloadLayoutTemplate, PromptSegment } =
  CacheObjectKind;
const blocks = (...kinds: CacheObjectKind[]) =>
  kinds.map((objectKind) => ObjectReferenceBlock.of({ objectKind }));
const broken = (rule: string) => ({ kind: 'InvalidProtocolCombination', rule });

describe('an object reference region', () => {
  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(fc.array(recordValues(ObjectReferenceBlock), { maxLength: 5 }), (given) => {
        const region = encodeObjectReferences(given);
        expect(region).toHaveLength(16 * given.length);
        expect(decodeObjectReferences(region)).toEqual(given);
      }),
    );
  });

  it.each([1, 15, 17])('of %i bytes is no whole number of blocks', (length) => {
    const rule = 'object reference region length must be a multiple of object reference block length';
    expect(faultOf(() => decodeObjectReferences(new Uint8Array(length)))).toEqual(broken(rule));
  });

  it('is refused where one of its blocks is', () => {
    const region = encodeObjectReferences(blocks(CameraBlock, PromptSegment));
    region[16] = 10;
    expect(faultOf(() => decodeObjectReferences(region))).toEqual({
      kind: 'UnknownEnumValue',
      enumName: 'cache_object_kind',
      value: 10,
    });
    region[18] = 1;
    expect(faultOf(() => decodeObjectReferences(region))).toEqual({
      kind: 'NonZeroReservedField',
      field: 'object_reference.ref_flags',
    });
    const odd = { ...ObjectReferenceBlock.of(), refFlags: 1 };
    expect(faultOf(() => encodeObjectReferences([odd])).kind).toBe('NonZeroReservedField');
  });
});

describe('checkObjectRefMask', () => {
  it.each([
    [SubmitMode.Inline, 0],
    [SubmitMode.Reference, 0x1],
    [SubmitMode.Mixed, 0xf],
  ])('mode %i takes mask %i', (mode, mask) => {
    expect(() => checkObjectRefMask(mode, mask)).not.toThrow();
  });

  it.each([
    [SubmitMode.Inline, 1, broken('inline FRAME_SUBMIT must not declare object_ref_mask')],
    [SubmitMode.Reference, 0, broken('reference or mixed FRAME_SUBMIT requires non-zero object_ref_mask')],
    [SubmitMode.Mixed, 0, broken('reference or mixed FRAME_SUBMIT requires non-zero object_ref_mask')],
  ])('mode %i refuses mask %i', (mode, mask, fault) => {
    expect(faultOf(() => checkObjectRefMask(mode, mask))).toEqual(fault);
  });

  it.each([0x10, 0x8000_0000, 0xffff_ffff])('has no slots %i', (value) => {
    const fault = { kind: 'ReservedBitsSet', field: 'frame_submit.object_ref_mask', value, allowed: 0x0f };
    expect(faultOf(() => checkObjectRefMask(SubmitMode.Mixed, value))).toEqual(fault);
  });
});

describe('checkSubmitReferences', () => {
  const submit = (objectRefMask: number) => ({ submitMode: SubmitMode.Mixed, objectRefMask });

  it.each([
    [0b1111, [CameraBlock, TileIndexBlock, TensorSectionTable, PayloadLayoutTemplate]],
    [0b1001, [CameraBlock, PayloadLayoutTemplate]],
    [0b0100, [TensorSectionTable]],
    [0b0001, [PromptSegment, CameraBlock, PromptSegment, PromptSegment]],
  ])('mask %i goes with the kinds %j', (mask, kinds) => {
    expect(() => checkSubmitReferences(blocks(...kinds), submit(mask))).not.toThrow();
  });

  it('an inline submit has no standard block, others it may have', () => {
    const inline = { submitMode: SubmitMode.Inline, objectRefMask: 0 };
    expect(() => checkSubmitReferences(blocks(PromptSegment), inline)).not.toThrow();
    expect(faultOf(() => checkSubmitReferences(blocks(CameraBlock), inline))).toEqual(
      broken('object reference block requires matching object_ref_mask bit'),
    );
  });

  it.each([
    [0b0011, [TileIndexBlock, CameraBlock], 'object reference region standard slots must be sorted'],
    [
      0b1001,
      [PayloadLayoutTemplate, PromptSegment, CameraBlock],
      'object reference region standard slots must be sorted',
    ],
    [0b0001, [CameraBlock, CameraBlock], 'object reference region must not duplicate standard slots'],
    [
      0b0010,
      [TileIndexBlock, PromptSegment, TileIndexBlock],
      'object reference region must not duplicate standard slots',
    ],
    [0b0001, [CameraBlock, TileIndexBlock], 'object reference block requires matching object_ref_mask bit'],
    [0b0011, [CameraBlock], 'object reference region must exactly match object_ref_mask'],
    [0b0001, [], 'object reference region must exactly match object_ref_mask'],
    [0b0001, [PromptSegment], 'object reference region must exactly match object_ref_mask'],
  ])('mask %i refuses the kinds %j', (mask, kinds, rule) => {
    expect(faultOf(() => checkSubmitReferences(blocks(...kinds), submit(mask)))).toEqual(broken(rule));
  });

  it('checks the mask first', () => {
    expect(faultOf(() => checkSubmitReferences(blocks(CameraBlock, CameraBlock), submit(0x20))).kind).toBe(
      'ReservedBitsSet',
    );
  });
});
