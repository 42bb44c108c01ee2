import type { FrameSubmitMetadata } from '../../src/wire/messages/frame-submit';
import type { ResultPushMetadata } from '../../src/wire/messages/result-push';

/** The least that reading and writing the same fields costs: a DataView, nothing checked. */

type RecordSubmit = { -readonly [K in keyof FrameSubmitMetadata]: number };
type RecordResult = { -readonly [K in keyof ResultPushMetadata]: number };

interface Header {
  versionMajor: number;
  wireFormat: number;
  messageType: number;
  headerLen: number;
  flags: number;
  metaLen: number;
  bodyLen: number;
  sessionId: number;
  frameId: number;
  viewId: number;
  routeId: number;
  traceId: bigint;
}

export interface MinimalPacket {
  readonly header: Header;
  readonly metadata: Uint8Array;
  readonly body: Uint8Array;
}

export function readHeader(view: DataView, at: number): Header {
  return {
    versionMajor: view.getUint8(at + 4),
    wireFormat: view.getUint8(at + 5),
    messageType: view.getUint8(at + 6),
    headerLen: view.getUint8(at + 7),
    flags: view.getUint32(at + 8, true),
    metaLen: view.getUint32(at + 12, true),
    bodyLen: view.getUint32(at + 16, true),
    sessionId: view.getUint32(at + 20, true),
    frameId: view.getUint32(at + 24, true),
    viewId: view.getUint16(at + 28, true),
    routeId: view.getUint16(at + 30, true),
    traceId: view.getBigUint64(at + 32, true),
  };
}

export function writeHeader(header: Header, view: DataView, at: number): void {
  view.setUint32(at, 0x50524e4e, true);
  view.setUint8(at + 4, header.versionMajor);
  view.setUint8(at + 5, header.wireFormat);
  view.setUint8(at + 6, header.messageType);
  view.setUint8(at + 7, header.headerLen);
  view.setUint32(at + 8, header.flags, true);
  view.setUint32(at + 12, header.metaLen, true);
  view.setUint32(at + 16, header.bodyLen, true);
  view.setUint32(at + 20, header.sessionId, true);
  view.setUint32(at + 24, header.frameId, true);
  view.setUint16(at + 28, header.viewId, true);
  view.setUint16(at + 30, header.routeId, true);
  view.setBigUint64(at + 32, header.traceId, true);
}

/** The packets of bytes that end with a packet. */
export function cut(bytes: Uint8Array): MinimalPacket[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packets: MinimalPacket[] = [];
  for (let at = 0; at < bytes.length;) {
    const header = readHeader(view, at);
    const body = at + 40 + header.metaLen;
    packets.push({
      header,
      metadata: bytes.subarray(at + 40, body),
      body: bytes.subarray(body, body + header.bodyLen),
    });
    at = body + header.bodyLen;
  }
  return packets;
}

export function readSubmit(view: DataView, at: number): RecordSubmit {
  return {
    srcWidth: view.getUint16(at + 0, true),
    srcHeight: view.getUint16(at + 2, true),
    tileWidth: view.getUint16(at + 4, true),
    tileHeight: view.getUint16(at + 6, true),
    tileCount: view.getUint16(at + 8, true),
    sectionCount: view.getUint16(at + 10, true),
    frameClass: view.getUint8(at + 12),
    inputProfile: view.getUint8(at + 13),
    tileIndexMode: view.getUint8(at + 14),
    latencyBudgetMs: view.getUint16(at + 16, true),
    targetFpsX100: view.getUint16(at + 18, true),
    retryOfFrame: view.getUint32(at + 20, true),
    tileBaseId: view.getUint32(at + 24, true),
    cameraBytes: view.getUint32(at + 28, true),
    tileIndexBytes: view.getUint32(at + 36, true),
    submitMode: view.getUint8(at + 52),
    budgetPolicy: view.getUint8(at + 53),
    lossTolerancePolicy: view.getUint8(at + 54),
    objectRefMask: view.getUint32(at + 56, true),
    dependencyFrameId: view.getUint32(at + 60, true),
    payloadKindBitmap: view.getUint32(at + 64, true),
    payloadFrameCount: view.getUint16(at + 68, true),
  };
}

export function writeSubmit(value: RecordSubmit, view: DataView, at: number): void {
  view.setUint16(at + 0, value.srcWidth, true);
  view.setUint16(at + 2, value.srcHeight, true);
  view.setUint16(at + 4, value.tileWidth, true);
  view.setUint16(at + 6, value.tileHeight, true);
  view.setUint16(at + 8, value.tileCount, true);
  view.setUint16(at + 10, value.sectionCount, true);
  view.setUint8(at + 12, value.frameClass);
  view.setUint8(at + 13, value.inputProfile);
  view.setUint8(at + 14, value.tileIndexMode);
  view.setUint16(at + 16, value.latencyBudgetMs, true);
  view.setUint16(at + 18, value.targetFpsX100, true);
  view.setUint32(at + 20, value.retryOfFrame, true);
  view.setUint32(at + 24, value.tileBaseId, true);
  view.setUint32(at + 28, value.cameraBytes, true);
  view.setUint32(at + 36, value.tileIndexBytes, true);
  view.setUint8(at + 52, value.submitMode);
  view.setUint8(at + 53, value.budgetPolicy);
  view.setUint8(at + 54, value.lossTolerancePolicy);
  view.setUint32(at + 56, value.objectRefMask, true);
  view.setUint32(at + 60, value.dependencyFrameId, true);
  view.setUint32(at + 64, value.payloadKindBitmap, true);
  view.setUint16(at + 68, value.payloadFrameCount, true);
}

export function readResult(view: DataView, at: number): RecordResult {
  return {
    statusCode: view.getUint16(at + 0, true),
    resultFlags: view.getUint16(at + 2, true),
    sectionCount: view.getUint16(at + 4, true),
    tileCount: view.getUint16(at + 6, true),
    activeProfileId: view.getUint16(at + 8, true),
    inferenceMs: view.getUint16(at + 12, true),
    queueMs: view.getUint16(at + 14, true),
    serverTotalMs: view.getUint16(at + 16, true),
    tileBaseId: view.getUint32(at + 20, true),
    tileIndexBytes: view.getUint32(at + 24, true),
    resultClass: view.getUint8(at + 44),
    appliedBudgetPolicy: view.getUint8(at + 45),
    reusedFrameId: view.getUint32(at + 48, true),
    coveredTileCount: view.getUint16(at + 52, true),
    droppedTileCount: view.getUint16(at + 54, true),
    payloadKindBitmap: view.getUint32(at + 56, true),
    payloadFrameCount: view.getUint16(at + 60, true),
  };
}

export function writeResult(value: RecordResult, view: DataView, at: number): void {
  view.setUint16(at + 0, value.statusCode, true);
  view.setUint16(at + 2, value.resultFlags, true);
  view.setUint16(at + 4, value.sectionCount, true);
  view.setUint16(at + 6, value.tileCount, true);
  view.setUint16(at + 8, value.activeProfileId, true);
  view.setUint16(at + 12, value.inferenceMs, true);
  view.setUint16(at + 14, value.queueMs, true);
  view.setUint16(at + 16, value.serverTotalMs, true);
  view.setUint32(at + 20, value.tileBaseId, true);
  view.setUint32(at + 24, value.tileIndexBytes, true);
  view.setUint8(at + 44, value.resultClass);
  view.setUint8(at + 45, value.appliedBudgetPolicy);
  view.setUint32(at + 48, value.reusedFrameId, true);
  view.setUint16(at + 52, value.coveredTileCount, true);
  view.setUint16(at + 54, value.droppedTileCount, true);
  view.setUint32(at + 56, value.payloadKindBitmap, true);
  view.setUint16(at + 60, value.payloadFrameCount, true);
}
