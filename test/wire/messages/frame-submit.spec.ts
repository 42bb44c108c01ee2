import { FrameSubmitMetadata, InputProfile, LossTolerance, PayloadKind, SubmitMode } from '../../../src/wire';
import { faultOf } from '../fault-of';

const token = FrameSubmitMetadata.of({ payloadKindBitmap: PayloadKind.TokenChunk });
const tensor = FrameSubmitMetadata.of({ payloadKindBitmap: PayloadKind.Tensor | PayloadKind.TokenChunk });

describe('FrameSubmitMetadata', () => {
  // The fields that describe a tensor, and where they start.
  const tensorFields = [
    ['srcWidth', 0],
    ['srcHeight', 2],
    ['tileWidth', 4],
    ['tileHeight', 6],
    ['tileCount', 8],
    ['sectionCount', 10],
    ['inputProfile', 13],
    ['tileBaseId', 24],
    ['cameraBytes', 28],
  ] as const;

  it.each(tensorFields)('%s is for tensors only', (name, at) => {
    const rule = 'non-tensor FRAME_SUBMIT must clear tensor tile fields';
    const fault = { kind: 'InvalidProtocolCombination', rule };
    expect(faultOf(() => FrameSubmitMetadata.encode({ ...token, [name]: 1 }))).toEqual(fault);
    const bytes = Object.assign(FrameSubmitMetadata.encode(token), { [at]: 1 });
    expect(faultOf(() => FrameSubmitMetadata.decode(bytes))).toEqual(fault);
    const allowed = { ...tensor, [name]: 1 };
    expect(FrameSubmitMetadata.decode(FrameSubmitMetadata.encode(allowed))).toEqual(allowed);
  });

  it('holds for a submit without any payload kind too', () => {
    const none = FrameSubmitMetadata.of({ inputProfile: InputProfile.DenseLumaFrame });
    expect(faultOf(() => FrameSubmitMetadata.encode(none)).kind).toBe('InvalidProtocolCombination');
  });

  it('has no tile index in preview3: its place is reserved', () => {
    const fault = { kind: 'NonZeroReservedField', field: 'frame_submit.reserved1' };
    expect(faultOf(() => FrameSubmitMetadata.encode({ ...tensor, tileIndexBytes: 1 }))).toEqual(fault);
    const bytes = FrameSubmitMetadata.encode(tensor);
    for (const at of [32, 35, 36, 39]) {
      const changed = Object.assign(bytes.slice(), { [at]: 1 });
      expect(faultOf(() => FrameSubmitMetadata.decode(changed))).toEqual(fault);
    }
  });

  it('takes fields that are no tensor’s from every submit', () => {
    const given = FrameSubmitMetadata.of({
      payloadKindBitmap: PayloadKind.ToolDelta,
      frameClass: 255,
      latencyBudgetMs: 65535,
      targetFpsX100: 6000,
      retryOfFrame: 7,
      submitMode: SubmitMode.Mixed,
      budgetPolicy: 0x0f,
      objectRefMask: 0xffff_ffff,
      dependencyFrameId: 0xffff_ffff,
      payloadFrameCount: 65535,
    });
    expect(FrameSubmitMetadata.decode(FrameSubmitMetadata.encode(given))).toEqual(given);
  });

  it.each([...Object.values(LossTolerance), 4, 0x7f])('takes loss tolerance %i', (lossTolerancePolicy) => {
    const given = { ...token, lossTolerancePolicy };
    expect(FrameSubmitMetadata.decode(FrameSubmitMetadata.encode(given))).toEqual(given);
  });
});
