import { shapeOf, typedPayloads } from '../../protocol/content/typed-body';
import { decodeSessionExtension, encodeSessionExtension } from '../../protocol/session/session-extension';
import type { PayloadShape } from '../../wire/body/typed-payload';
import { enumerationKey } from '../../wire/codec/enumeration';
import type { WireRecord } from '../../wire/codec/record';
import { NnrpError } from '../../wire/errors';
import { MessageType, messageTypeName } from '../../wire/message-type';
import { CacheErrorCode } from '../../wire/messages/cache';
import { PayloadKind } from '../../wire/messages/payload-kind';
import { SessionErrorCode } from '../../wire/messages/session-open';
import type { Packet } from '../../wire/packet';
import { preview3 } from '../../wire/preview3';
import { preview4 } from '../../wire/preview4';
import { describeBytes, hexOf } from './describe-bytes';

const utf8 = new TextDecoder();

/** One field of a packet. */
export interface PacketField {
  /** `header.frameId`, `metadata.resultClass`, `body`. */
  readonly path: string;
  /** What it says, for people. */
  readonly shown: string;
  /** Its bytes, where it is some: two such fields are the same where these are. */
  readonly bytes?: Uint8Array;
  /** Whether it says nothing: 0, false or empty. */
  readonly isZero: boolean;
}

const HEADER_FIELDS = ['flags', 'sessionId', 'frameId', 'viewId', 'routeId', 'traceId'] as const;

/**
 * A packet taken apart: every field of its header but the lengths, which follow from the parts; every
 * field of its record, or the bare metadata where that is none; and the body, cut where its parts are
 * known. No two packets that differ have the same fields.
 */
export function fieldsOf(packet: Packet): readonly PacketField[] {
  const { header } = packet;
  return [
    { path: 'header.messageType', shown: messageTypeName(header.messageType), isZero: false },
    ...HEADER_FIELDS.map((name) => plainField(`header.${name}`, header[name])),
    ...metadataFields(packet),
    ...bodyFields(packet),
  ];
}

/** Metadata that some revision reads. */
interface ReadMetadata {
  readonly record: WireRecord<unknown>;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The metadata of a packet by its record; undefined where the bytes are not that record's. */
export function decodedMetadata(packet: Packet): Readonly<Record<string, unknown>> | undefined {
  return readMetadata(packet)?.value;
}

/** By the first revision that takes the metadata: nearly none are of both that do not mean the same. */
function readMetadata({ header, metadata }: Packet): ReadMetadata | undefined {
  for (const revision of [preview3, preview4]) {
    const record = revision.messages[header.messageType]?.record;
    if (record?.length !== metadata.length) continue;
    const value = orUndefined(() => record.decode(metadata) as Readonly<Record<string, unknown>>);
    if (value !== undefined) return { record, value };
  }
  return undefined;
}

/** Undefined where the bytes are not what `read` takes. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NnrpError) return undefined;
    throw error;
  }
}

function metadataFields(packet: Packet): readonly PacketField[] {
  const { metadata } = packet;
  const read = readMetadata(packet);
  if (read === undefined) {
    if (metadata.length === 0) return [];
    return [{ path: 'metadata', shown: hexOf(metadata), bytes: metadata, isZero: false }];
  }
  return Object.entries(read.value).map(([name, value]) => ({
    path: `metadata.${name}`,
    shown: named(read.record, name, value),
    isZero: isZero(value),
  }));
}

function plainField(path: string, value: unknown): PacketField {
  return { path, shown: String(value), isZero: isZero(value) };
}

function isZero(value: unknown): boolean {
  return value === 0 || value === 0n || value === false;
}

/** A field's value, with its name in its enumeration and with the bits of a mask. */
function named(record: WireRecord<unknown>, name: string, value: unknown): string {
  const field = record.definition.fields[name];
  if (field?.kind === 'enum') {
    const key = enumerationKey(field.values, Number(value));
    return key === undefined ? String(value) : `${key} (${String(value)})`;
  }
  if (CODES.has(name) && value !== 0) return codeName(Number(value));
  if (field?.kind === 'mask' && value !== 0) return `0x${Number(value).toString(16)}`;
  return String(value);
}

/** Fields whose values the protocol names, and an application may add to. */
const CODES: ReadonlySet<string> = new Set(['errorCode', 'sessionErrorCode', 'detailCode']);

function codeName(code: number): string {
  const hex = `0x${code.toString(16)}`;
  const key = enumerationKey(SessionErrorCode, code) ?? enumerationKey(CacheErrorCode, code);
  return key === undefined ? hex : `${key} (${hex})`;
}

function bodyFields(packet: Packet): readonly PacketField[] {
  const { header, body } = packet;
  const metadata = decodedMetadata(packet) ?? {};
  if (header.messageType === MessageType.SessionOpen || header.messageType === MessageType.SessionOpenAck) {
    const blocks = openBlocks(metadata, body);
    if (blocks !== undefined) return blocks;
  }
  const tokens = tokensOf(packet);
  const shown = tokens === undefined ? describeBytes(body) : `tokens ${tokens}`;
  return [{ ...blockField('body', body), shown }];
}

function openBlocks(
  metadata: Readonly<Record<string, unknown>>,
  body: Uint8Array,
): readonly PacketField[] | undefined {
  const length = (name: string): number => Number(metadata[name] ?? 0);
  const tokenEnd = length('resumeTokenBytes');
  const authEnd = tokenEnd + length('authBytes');
  if (body.length === 0 || authEnd + length('sessionExtensionBytes') !== body.length) return undefined;
  const extension = body.subarray(authEnd);
  return [
    blockField('body.resumeToken', body.subarray(0, tokenEnd)),
    blockField('body.auth', body.subarray(tokenEnd, authEnd)),
    ...extensionFields(extension, { isOpen: 'authBytes' in metadata }),
  ].filter(({ isZero: isEmpty }) => !isEmpty);
}

function blockField(path: string, bytes: Uint8Array): PacketField {
  return { path, shown: describeBytes(bytes), bytes, isZero: bytes.length === 0 };
}

/** What a SESSION_OPEN says of the newest operation, and of parts, stands by itself: an expectation may leave it out. */
function extensionFields(
  bytes: Uint8Array,
  { isOpen }: { readonly isOpen: boolean },
): readonly PacketField[] {
  const path = 'body.sessionExtension';
  const whole = { ...blockField(path, bytes), shown: describeExtension(bytes) };
  const extension = decodeSessionExtension(bytes);
  if (!isOpen || extension === undefined) return [whole];
  const { lastOperationId, receivedParts, ...rest } = extension;
  const apart = Object.entries({ lastOperationId, receivedParts }).filter(([, value]) => value !== undefined);
  if (apart.length === 0) return [whole];
  const others = encodeSessionExtension(rest);
  return [
    { ...blockField(path, others), shown: describeExtension(others) },
    ...apart.map(([name, value]) => ({
      path: `${path}.${name}`,
      shown: JSON.stringify(value),
      isZero: false,
    })),
  ];
}

function describeExtension(bytes: Uint8Array): string {
  const extension = decodeSessionExtension(bytes);
  if (extension === undefined) return describeBytes(bytes);
  const said = Object.entries(extension).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return ['announced', ...said].join(', ');
}

function tokensOf(packet: Packet): string | undefined {
  const shape = bodyShape(packet);
  if (shape?.payloadKindBitmap !== PayloadKind.TokenChunk || shape.payloadFrameCount === 0) return undefined;
  return orUndefined(() =>
    typedPayloads(shape, packet.body)
      .map((payload) => JSON.stringify(utf8.decode(payload)))
      .join(' '),
  );
}

/** What a body has, as its metadata say; those of a part of preview4 do not, and its body may itself. */
function bodyShape(packet: Packet): PayloadShape | undefined {
  if (packet.header.messageType === MessageType.PartialResult) return shapeOf(packet.body);
  const { payloadKindBitmap, payloadFrameCount } = decodedMetadata(packet) ?? {};
  if (typeof payloadKindBitmap !== 'number' || typeof payloadFrameCount !== 'number') return undefined;
  return { payloadKindBitmap, payloadFrameCount };
}
