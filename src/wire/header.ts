import { enumU8, maskU32, u16, u32, u64, u8 } from './codec/fields';
import { record, revised, type RecordValue, type WireRecord } from './codec/record';
import { NnrpError } from './errors';
import { MessageType } from './message-type';

/** Bytes of the common header (protocol section 3). */
export const HEADER_LENGTH = 40;
/** Of NNRP/1, as the header has it. */
export const VERSION_MAJOR = 1;
/** The one format of the wire that there is, as the header has it. */
export const WIRE_FORMAT = 0;

/** ASCII `NNRP`. */
const MAGIC = [0x4e, 0x4e, 0x52, 0x50];

/** Bits of a header's `flags` (protocol section 1). */
export const HeaderFlag = {
  AckRequired: 0x01,
  CanDrop: 0x02,
  Stale: 0x04,
  EndOfStream: 0x08,
  Retransmit: 0x10,
  Keyframe: 0x20,
} as const;

/**
 * The 40 bytes that every packet starts with (protocol section 1). The magic is checked and written,
 * but is no field. `sessionId` 0 is connection scope; `frameId` is the operation.
 */
export const CommonHeader = record({
  name: 'CommonHeader',
  length: HEADER_LENGTH,
  fields: {
    /** 1. */
    versionMajor: u8(4),
    /** 0. */
    wireFormat: u8(5),
    messageType: enumU8(6, MessageType),
    /** 40. */
    headerLen: u8(7),
    flags: maskU32(8, 0x3f),
    /** Bytes; the sum with `bodyLen` fits a u32. */
    metaLen: u32(12),
    /** Bytes. */
    bodyLen: u32(16),
    /** 0 is connection scope. */
    sessionId: u32(20),
    /** The operation. */
    frameId: u32(24),
    viewId: u16(28),
    routeId: u16(30),
    traceId: u64(32),
  },
  magic: MAGIC,
  // Before flags and message type: what another version means by those is not ours to judge.
  first(bytes, at) {
    checkIdentity(bytes[at + 4], bytes[at + 5], bytes[at + 7]);
  },
  rules: ({ versionMajor, wireFormat, headerLen }) => {
    checkIdentity(versionMajor, wireFormat, headerLen);
  },
});
export type CommonHeader = RecordValue<typeof CommonHeader>;

/**
 * The header as frames are cut and written by it, whose message type may be wider than its type: one that
 * no revision knows costs its packet, refused by whoever knows what its connection speaks, and not the stream.
 */
export const FrameHeader = revised(CommonHeader, {
  fields: { messageType: u8(6) },
}) as WireRecord<CommonHeader>;

function checkIdentity(versionMajor = 0, wireFormat = 0, headerLen = 0): void {
  if (versionMajor !== VERSION_MAJOR) {
    throw new NnrpError({ kind: 'UnsupportedVersionMajor', actual: versionMajor });
  }
  if (wireFormat !== WIRE_FORMAT) throw new NnrpError({ kind: 'UnsupportedWireFormat', actual: wireFormat });
  if (headerLen !== HEADER_LENGTH) throw new NnrpError({ kind: 'InvalidHeaderLength', actual: headerLen });
}

/** The part of a header that a sender says; the rest follows from the packet. */
export type HeaderFields = Pick<CommonHeader, 'messageType'> &
  Partial<Omit<CommonHeader, 'messageType' | 'versionMajor' | 'wireFormat' | 'headerLen'>>;

/** A whole header from what is particular to it. */
export function header(fields: HeaderFields): CommonHeader {
  const whole = CommonHeader.of(fields);
  whole.versionMajor = VERSION_MAJOR;
  whole.wireFormat = WIRE_FORMAT;
  whole.headerLen = HEADER_LENGTH;
  return whole;
}
