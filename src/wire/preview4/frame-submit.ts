import { enumU8, maskU32, maskU8, u16, u32, u64, u8 } from '../codec/fields';
import { record, type RecordValue } from '../codec/record';
import { breaksRule } from '../errors';
import {
  BUDGET_POLICIES,
  checkTensorFields,
  InputProfile,
  LossTolerance,
  SubmitMode,
  TileIndexMode,
} from '../messages/frame-submit';
import { PAYLOAD_KINDS } from '../messages/payload-kind';

/** FRAME_SUBMIT of preview4, which names its operation. Body: the payload. */
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
    tileIndexBytes: u32(32),
    /** Not 0, and unique in its session for ever. */
    operationId: u64(40),
    submitMode: enumU8(52, SubmitMode),
    budgetPolicy: maskU8(53, BUDGET_POLICIES),
    lossTolerancePolicy: enumU8(54, LossTolerance),
    objectRefMask: u32(56),
    dependencyFrameId: u32(60),
    payloadKindBitmap: maskU32(64, PAYLOAD_KINDS),
    payloadFrameCount: u16(68),
  },
  reserved: {
    reserved0: u8(15),
    reserved1: u32(36),
    reserved2: u32(48),
    reserved3: u8(55),
    reserved4: u16(70),
  },
  rules(submit) {
    if (submit.operationId === 0n) breaksRule('FRAME_SUBMIT operation_id must not be zero');
    checkTensorFields(submit);
  },
});
export type FrameSubmitMetadata = RecordValue<typeof FrameSubmitMetadata>;
