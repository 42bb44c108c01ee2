import { enumU8, maskU32, maskU8, u16, u32, u64, u8 } from '../codec/fields';
import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';
import { breaksRule, NnrpError } from '../errors';
import { PAYLOAD_KINDS, PayloadKind } from './payload-kind';

/** The kind of a submit's input. */
export const InputProfile = enumeration('input_profile', {
  Unspecified: 0,
  ChangedTilesLuma: 1,
  DenseLumaFrame: 2,
});
export type InputProfile = EnumerationValue<typeof InputProfile>;

/** How tiles of a submit are numbered. */
export const TileIndexMode = enumeration('tile_index_mode', {
  DenseRange: 0,
  RawU16: 1,
  DeltaU16: 2,
  Bitset: 3,
});
export type TileIndexMode = EnumerationValue<typeof TileIndexMode>;

/** Where a submit's objects are: in its body, in the cache, or in both. */
export const SubmitMode = enumeration('submit_mode', { Inline: 0, Reference: 1, Mixed: 2 });
export type SubmitMode = EnumerationValue<typeof SubmitMode>;

/** Ways out that a server may take when the latency budget does not suffice. */
export const BudgetPolicy = {
  AllowPartial: 0x1,
  AllowStaleReuse: 0x2,
  AllowDegraded: 0x4,
  AllowDrop: 0x8,
} as const;
export const BUDGET_POLICIES = 0x0f;

/** Values of `lossTolerancePolicy`; preview3 takes any other, too. */
export const LossTolerance = enumeration('loss_tolerance_policy', {
  Strict: 0,
  BestEffort: 1,
  LowLatency: 2,
  FireAndForget: 3,
  InheritSession: 0xff,
});
export type LossTolerance = EnumerationValue<typeof LossTolerance>;

/** FRAME_SUBMIT (protocol section 6). Body: the payload. */
export const FrameSubmitMetadata = record({
  name: 'FrameSubmitMetadata',
  length: 72,
  fields: {
    srcWidth: u16(0),
    srcHeight: u16(2),
    tileWidth: u16(4),
    tileHeight: u16(6),
    tileCount: u16(8),
    sectionCount: u16(10),
    frameClass: u8(12),
    inputProfile: enumU8(13, InputProfile),
    tileIndexMode: enumU8(14, TileIndexMode),
    /** Milliseconds, 0 for none. */
    latencyBudgetMs: u16(16),
    /** Hundredths of a frame a second. */
    targetFpsX100: u16(18),
    retryOfFrame: u32(20),
    tileBaseId: u32(24),
    cameraBytes: u32(28),
    /** 0 in preview3, whose readers reserve the place. */
    tileIndexBytes: u32(36),
    submitMode: enumU8(52, SubmitMode),
    budgetPolicy: maskU8(53, BUDGET_POLICIES),
    lossTolerancePolicy: u8(54),
    objectRefMask: u32(56),
    dependencyFrameId: u32(60),
    payloadKindBitmap: maskU32(64, PAYLOAD_KINDS),
    payloadFrameCount: u16(68),
  },
  reserved: {
    reserved0: u8(15),
    reserved1: u64(32),
    reserved2: u64(40),
    reserved3: u32(48),
    reserved4: u8(55),
    reserved5: u16(70),
  },
  rules(submit) {
    checkTensorFields(submit);
    // Offset 36 lies in the reserved u64 at 32: every preview3 reader would refuse what is written here.
    if (submit.tileIndexBytes !== 0) {
      throw new NnrpError({ kind: 'NonZeroReservedField', field: 'frame_submit.reserved1' });
    }
  },
});
export type FrameSubmitMetadata = RecordValue<typeof FrameSubmitMetadata>;

/** Throws where a submit without tensors says something of tiles. */
export function checkTensorFields(submit: Readonly<Record<TensorField | 'payloadKindBitmap', number>>): void {
  if ((submit.payloadKindBitmap & PayloadKind.Tensor) !== 0) return;
  if (
    submit.srcWidth !== 0 ||
    submit.srcHeight !== 0 ||
    submit.tileWidth !== 0 ||
    submit.tileHeight !== 0 ||
    submit.tileCount !== 0 ||
    submit.sectionCount !== 0 ||
    submit.tileBaseId !== 0 ||
    submit.cameraBytes !== 0 ||
    submit.tileIndexBytes !== 0 ||
    submit.inputProfile !== InputProfile.Unspecified
  ) {
    breaksRule('non-tensor FRAME_SUBMIT must clear tensor tile fields');
  }
}

type TensorField =
  | 'srcWidth'
  | 'srcHeight'
  | 'tileWidth'
  | 'tileHeight'
  | 'tileCount'
  | 'sectionCount'
  | 'tileBaseId'
  | 'cameraBytes'
  | 'tileIndexBytes'
  | 'inputProfile';
