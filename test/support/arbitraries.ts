import fc from 'fast-check';
import type { Field } from '../../src/wire/codec/fields';
import {
  header,
  MessageType,
  packet,
  preview3,
  preview4,
  type Packet,
  type WireRecord,
} from '../../src/wire';

/** Any record, its values by field name: what a test that walks all of them works with. */
export type AnyRecord = WireRecord<Record<string, unknown>>;

/** Every record of both revisions, by name; where preview4 has another of a name, that says so. */
export const everyRecord: readonly (readonly [string, AnyRecord])[] = [
  ...Object.entries<unknown>(preview3.records),
  ...Object.entries<unknown>(preview4.records).flatMap(([name, record]) => {
    const earlier = (preview3.records as Readonly<Record<string, unknown>>)[name];
    if (earlier === record) return [];
    return [[earlier === undefined ? name : inPreview4(name), record] as const];
  }),
].map(([name, record]) => [name, record as AnyRecord]);

function inPreview4(name: string): string {
  return `${name} of preview4`;
}

const labels = new Map(everyRecord.map(([label, record]) => [record, label]));

const U32_MAX = 0xffffffff;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
const MAX_OF_WIDTH = { 1: 0xff, 2: 0xffff, 4: U32_MAX } as const;

const TENSOR = 0x01;
const TENSOR_FIELDS_OF_SUBMIT = [
  'srcWidth',
  'srcHeight',
  'tileWidth',
  'tileHeight',
  'tileCount',
  'sectionCount',
  'tileBaseId',
  'cameraBytes',
  'inputProfile',
] as const;
const TENSOR_FIELDS_OF_RESULT = [
  'sectionCount',
  'tileCount',
  'tileBaseId',
  'tileIndexBytes',
  'coveredTileCount',
  'droppedTileCount',
] as const;

type Fields = Record<string, unknown>;

const rulesOfPreview4: Readonly<Record<string, (fields: Fields) => Fields>> = {
  FrameSubmitMetadata: (fields) => ({
    ...clearedWithoutTensor(fields, [...TENSOR_FIELDS_OF_SUBMIT, 'tileIndexBytes']),
    operationId: fields['operationId'] === 0n ? 1n : fields['operationId'],
  }),
  ResultPushMetadata: (fields) => covered(settledStaleness(fields)),
  CacheInvalidateMetadata: (fields) => {
    const scope = Number(fields['invalidateScope']);
    return {
      ...fields,
      cacheNamespace: scope === 0 ? 0 : fields['cacheNamespace'],
      cacheKeyHi: scope === 3 ? fields['cacheKeyHi'] : scope === 2 ? 5n : 0n,
      cacheKeyLo: scope === 3 ? fields['cacheKeyLo'] : 0n,
    };
  },
  BodyRegionPrelude: (fields) => ({
    ...fields,
    objectReferenceBytes: multipleOf(24, fields['objectReferenceBytes']),
    typedPayloadDescriptorBytes: multipleOf(24, fields['typedPayloadDescriptorBytes']),
    extensionDescriptorBytes: multipleOf(16, fields['extensionDescriptorBytes']),
  }),
};

function multipleOf(divisor: number, value: unknown): number {
  return Number(value) - (Number(value) % divisor);
}

function settledStaleness(fields: Fields): Fields {
  const isStale = fields['resultClass'] === 2 || (Number(fields['resultFlags']) & 1) !== 0;
  return { ...fields, reusedFrameId: isStale ? Math.max(1, Number(fields['reusedFrameId'])) : 0 };
}

/** Tiles that are there and tiles that are missing make all of them. */
function covered(fields: Fields): Fields {
  if ((Number(fields['payloadKindBitmap']) & TENSOR) === 0) {
    return clearedWithoutTensor(fields, TENSOR_FIELDS_OF_RESULT);
  }
  const tileCount = Math.max(1, Number(fields['tileCount']));
  const isPartial = fields['resultClass'] === 1 || (Number(fields['resultFlags']) & 4) !== 0;
  const dropped = Math.max(isPartial ? 1 : 0, Number(fields['droppedTileCount']) % (tileCount + 1));
  return { ...fields, tileCount, droppedTileCount: dropped, coveredTileCount: tileCount - dropped };
}

/** How fields that each hold by themselves are made to keep the rules that span them. */
const rules: Readonly<Record<string, (fields: Fields) => Fields>> = {
  CommonHeader: framed,
  [inPreview4('CommonHeader')]: framed,
  ClientHelloMetadata: (fields) => ({
    ...fields,
    minVersionMajor: Math.min(Number(fields['minVersionMajor']), 1),
    maxVersionMajor: Math.max(Number(fields['maxVersionMajor']), 1),
    supportedWireFormatBitmap: Number(fields['supportedWireFormatBitmap']) | 1,
    supportedProfileBitmap: Math.max(Number(fields['supportedProfileBitmap']), 1),
    supportedPayloadKindBitmap: Math.max(Number(fields['supportedPayloadKindBitmap']), 1),
  }),
  FrameSubmitMetadata: (fields) => ({
    ...clearedWithoutTensor(fields, TENSOR_FIELDS_OF_SUBMIT),
    tileIndexBytes: 0,
  }),
  ResultPushMetadata: (fields) => clearedWithoutTensor(fields, TENSOR_FIELDS_OF_RESULT),
  SessionMigrateMetadata: withTransports,
  [inPreview4('SessionMigrateMetadata')]: withTransports,
  BodyRegionPrelude: (fields) => ({
    ...fields,
    objectReferenceBytes: multipleOf(16, fields['objectReferenceBytes']),
  }),
  ProgressMetadata: (fields) => ({ ...fields, percentX100: Math.min(10_000, Number(fields['percentX100'])) }),
  TensorSectionDescriptor: (fields) => {
    const flags = Number(fields['sectionFlags']) & 3;
    return {
      ...fields,
      sectionFlags: flags,
      codecTableBytes: (flags & 1) === 0 ? 0 : Math.max(1, Number(fields['codecTableBytes'])),
      payloadStrideBytes: (flags & 2) === 0 ? 0 : Math.max(1, Number(fields['payloadStrideBytes'])),
      lengthTableBytes: multipleOf(4, fields['lengthTableBytes']),
    };
  },
  ...Object.fromEntries(
    Object.entries(rulesOfPreview4).map(([name, keep]) => [inPreview4(name), keep] as const),
  ),
};

function withTransports(fields: Fields): Fields {
  return {
    ...fields,
    oldTransportId: Math.max(Number(fields['oldTransportId']), 1),
    newTransportId: Math.max(Number(fields['newTransportId']), 1),
  };
}

function framed(fields: Fields): Fields {
  return { ...fields, versionMajor: 1, wireFormat: 0, headerLen: 40 };
}

function clearedWithoutTensor(fields: Fields, names: readonly string[]): Fields {
  if ((Number(fields['payloadKindBitmap']) & TENSOR) !== 0) return fields;
  return { ...fields, ...Object.fromEntries(names.map((name) => [name, 0])) };
}

/** Values that a field's own checks let pass, its limits among them. */
export function fieldValues(field: Field): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'number':
      return field.width === 8 ? u64s() : fc.integer({ min: 0, max: MAX_OF_WIDTH[field.width] });
    case 'signed':
      return fc.integer({ min: -(2 ** (8 * field.width - 1)), max: 2 ** (8 * field.width - 1) - 1 });
    case 'enum':
      return fc.constantFrom(...Object.values(field.values));
    case 'mask':
      return fc.integer({ min: 0, max: field.allowed }).map((bits) => (bits & field.allowed) >>> 0);
    case 'flag':
      return fc.boolean();
    case 'zero':
      return fc.constant(0);
  }
}

/** u64 values on both sides of where one 32-bit word stops to suffice. */
export function u64s(): fc.Arbitrary<bigint> {
  return fc.oneof(
    fc.bigInt({ min: 0n, max: U64_MAX }),
    fc.bigInt({ min: 0n, max: 0xffff_ffffn }),
    fc.constantFrom(0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, U64_MAX - 1n, U64_MAX),
  );
}

/** Values of a record that keep every rule of the protocol: what its encoder takes. */
export function recordValues<T>(record: WireRecord<T>): fc.Arbitrary<T> {
  const { name, fields } = record.definition;
  const label = labels.get(record as unknown as AnyRecord) ?? name;
  const keepRules = rules[label] ?? ((given: Fields) => given);
  const each = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, fieldValues(field)]));
  return fc.record(each).map((given) => keepRules(given) as T);
}

/**
 * Byte strings that come near a record: its encodings, whole or with some bytes changed, cut or
 * continued, and bytes of no meaning. They reach every check, not only the first.
 */
export function nearEncodings<T>(record: WireRecord<T>): fc.Arbitrary<Uint8Array> {
  const { length } = record;
  const changes = fc.array(fc.tuple(fc.nat(length - 1), fc.oneof(fc.nat(7), fc.nat(255))), { maxLength: 3 });
  const ends = fc.oneof(
    { weight: 8, arbitrary: fc.constant(length) },
    { weight: 1, arbitrary: fc.nat(2 * length) },
  );
  const changed = fc.tuple(recordValues(record), changes, ends).map(([value, edits, end]) => {
    const bytes = new Uint8Array(Math.max(end, length));
    record.encodeInto(value, bytes);
    for (const [at, byte] of edits) bytes[at] = byte;
    return bytes.subarray(0, end);
  });
  return fc.oneof(
    { weight: 4, arbitrary: changed },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: length, maxLength: length }) },
  );
}

/** Well-formed packets of any message type with opaque metadata and body. */
export function packets(maxPartLength = 90): fc.Arbitrary<Packet> {
  const u16 = fc.integer({ min: 0, max: 0xffff });
  const u32 = fc.integer({ min: 0, max: U32_MAX });
  const part = fc.uint8Array({ maxLength: maxPartLength });
  return fc
    .record({
      messageType: fc.constantFrom(...Object.values(MessageType)),
      flags: fc.nat(0x3f),
      sessionId: u32,
      frameId: u32,
      viewId: u16,
      routeId: u16,
      traceId: u64s(),
    })
    .chain((fields) => fc.tuple(part, part).map(([metadata, body]) => packet(fields, metadata, body)));
}

/** Sequences of {@link packets}. */
export function packetSequences(maxPartLength?: number): fc.Arbitrary<Packet[]> {
  return fc.array(packets(maxPartLength), { maxLength: 8 });
}

/** 40 bytes that are not the start of a packet. */
export function brokenHeaders(): fc.Arbitrary<Uint8Array> {
  const valid = preview3.records.CommonHeader.encode(header({ messageType: MessageType.Ping }));
  // Places where one other value is a fault: magic, version, wire format, header length, high flag bytes.
  const at = fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 9, 10, 11);
  return fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(([place, change]) => {
    const bytes = valid.slice();
    bytes[place] = (bytes[place] ?? 0) ^ change;
    return bytes;
  });
}

/**
 * The same bytes in pieces, some of them empty; each piece a buffer of its own, as a socket delivers them.
 */
export function splits(bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> {
  return fc
    .array(fc.nat(bytes.length), { maxLength: 24 })
    .map((places) => [0, ...places.sort((a, b) => a - b), bytes.length])
    .map((cuts) => cuts.slice(1).map((end, index) => bytes.slice(cuts[index], end)));
}
