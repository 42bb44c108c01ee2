import { PayloadKind, ResultClass, ResultFlag, ResultPushMetadata } from '../../../src/wire';
import { faultOf } from '../fault-of';

const token = ResultPushMetadata.of({ statusCode: 200, payloadKindBitmap: PayloadKind.TokenChunk });
const tensor = ResultPushMetadata.of({ statusCode: 200, payloadKindBitmap: PayloadKind.Tensor });

describe('ResultPushMetadata', () => {
  // The fields that describe a tensor, and where they start.
  it.each([
    ['sectionCount', 4],
    ['tileCount', 6],
    ['tileBaseId', 20],
    ['tileIndexBytes', 24],
    ['coveredTileCount', 52],
    ['droppedTileCount', 54],
  ])('%s is for tensors only', (name, at) => {
    const rule = 'non-tensor RESULT_PUSH must clear tensor coverage fields';
    const fault = { kind: 'InvalidProtocolCombination', rule };
    expect(faultOf(() => ResultPushMetadata.encode({ ...token, [name]: 1 }))).toEqual(fault);
    const bytes = Object.assign(ResultPushMetadata.encode(token), { [at]: 1 });
    expect(faultOf(() => ResultPushMetadata.decode(bytes))).toEqual(fault);
    const allowed = { ...tensor, [name]: 1 };
    expect(ResultPushMetadata.decode(ResultPushMetadata.encode(allowed))).toEqual(allowed);
  });

  it('takes fields that are no tensor’s from every result', () => {
    const given = ResultPushMetadata.of({
      statusCode: 65535,
      resultFlags: ResultFlag.Partial | ResultFlag.Stale | ResultFlag.Fallback,
      activeProfileId: 2,
      inferenceMs: 1,
      queueMs: 2,
      serverTotalMs: 3,
      resultClass: ResultClass.Degraded,
      appliedBudgetPolicy: 0x0f,
      reusedFrameId: 0xffff_ffff,
      payloadKindBitmap: PayloadKind.OpaqueBytes,
      payloadFrameCount: 65535,
    });
    expect(ResultPushMetadata.decode(ResultPushMetadata.encode(given))).toEqual(given);
  });

  it.each([
    [{ resultFlags: 8 }, 'result_push.result_flags', 8, 0x07],
    [{ appliedBudgetPolicy: 0x10 }, 'result_push.applied_budget_policy', 0x10, 0x0f],
    [{ payloadKindBitmap: 0x80 }, 'result_push.payload_kind_bitmap', 0x80, 0x7f],
  ])('knows no other bits: %j', (edits, field, value, allowed) => {
    expect(faultOf(() => ResultPushMetadata.encode({ ...token, ...edits }))).toEqual({
      kind: 'ReservedBitsSet',
      field,
      value,
      allowed,
    });
  });
});
