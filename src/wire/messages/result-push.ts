import { enumU8, maskU16, maskU32, maskU8, u16, u32, u64 } from '../codec/fields';
import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';
import { breaksRule } from '../errors';
import { BUDGET_POLICIES } from './frame-submit';
import { PAYLOAD_KINDS, PayloadKind } from './payload-kind';

/** A partial result is followed by others of its frame; the one that is not ends the operation. */
export const ResultClass = enumeration('result_class', {
  Complete: 0,
  Partial: 1,
  StaleReuse: 2,
  Degraded: 3,
});
export type ResultClass = EnumerationValue<typeof ResultClass>;

/** Flags of a result: stale, of a fallback, partial. */
export const ResultFlag = { Stale: 0x1, Fallback: 0x2, Partial: 0x4 } as const;

/** RESULT_PUSH (protocol section 6). Body: the payload. */
export const ResultPushMetadata = record({
  name: 'ResultPushMetadata',
  length: 64,
  fields: {
    /** The application's; 200 is customary for success. */
    statusCode: u16(0),
    resultFlags: maskU16(2, 0x7),
    sectionCount: u16(4),
    tileCount: u16(6),
    activeProfileId: u16(8),
    /** Milliseconds. */
    inferenceMs: u16(12),
    /** Milliseconds. */
    queueMs: u16(14),
    /** Milliseconds. */
    serverTotalMs: u16(16),
    tileBaseId: u32(20),
    tileIndexBytes: u32(24),
    resultClass: enumU8(44, ResultClass),
    appliedBudgetPolicy: maskU8(45, BUDGET_POLICIES),
    reusedFrameId: u32(48),
    coveredTileCount: u16(52),
    droppedTileCount: u16(54),
    payloadKindBitmap: maskU32(56, PAYLOAD_KINDS),
    payloadFrameCount: u16(60),
  },
  reserved: {
    reserved0: u16(10),
    reserved1: u16(18),
    reserved2: u64(28),
    reserved3: u64(36),
    reserved4: u16(46),
    reserved5: u16(62),
  },
  rules: checkCoverageFields,
});
export type ResultPushMetadata = RecordValue<typeof ResultPushMetadata>;

/** Throws where a result without tensors says something of tiles. */
export function checkCoverageFields(
  result: Readonly<Record<CoverageField | 'payloadKindBitmap', number>>,
): void {
  if ((result.payloadKindBitmap & PayloadKind.Tensor) !== 0) return;
  if (
    result.sectionCount !== 0 ||
    result.tileCount !== 0 ||
    result.tileBaseId !== 0 ||
    result.tileIndexBytes !== 0 ||
    result.coveredTileCount !== 0 ||
    result.droppedTileCount !== 0
  ) {
    breaksRule('non-tensor RESULT_PUSH must clear tensor coverage fields');
  }
}

type CoverageField =
  'sectionCount' | 'tileCount' | 'tileBaseId' | 'tileIndexBytes' | 'coveredTileCount' | 'droppedTileCount';
