import type { Packet } from '../../wire/packet';
import { sameBytes } from './describe-bytes';
import { fieldsOf, type PacketField } from './packet-fields';

/** A field in which two packets differ. */
export interface FieldDifference {
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

const ABSENT = '(absent)';

/**
 * The fields in which two packets differ, in the order in which they stand; none where the packets are
 * the same. `ignored` are paths that do not count, with all that is below them: `body`, `metadata`,
 * `metadata.serverRecvTsUs`.
 */
export function comparePackets(
  expected: Packet,
  actual: Packet,
  ignored: readonly string[] = ignoredBy(expected),
): readonly FieldDifference[] {
  if (expected.header.messageType !== actual.header.messageType) {
    const [wanted, came] = [expected, actual].map((packet) => fieldsOf(packet)[0]?.shown ?? ABSENT);
    return [{ path: 'header.messageType', expected: wanted ?? ABSENT, actual: came ?? ABSENT }];
  }
  const wanted = byPath(expected);
  const came = byPath(actual);
  return [...new Set([...wanted.keys(), ...came.keys()])]
    .filter((path) => !ignored.some((prefix) => path === prefix || path.startsWith(`${prefix}.`)))
    .flatMap((path) => difference(path, wanted.get(path), came.get(path)));
}

/** Whether two packets are the same, but for what the first one ignores. */
export function matches(expected: Packet, actual: Packet): boolean {
  return comparePackets(expected, actual).length === 0;
}

/** What a built packet says that it ignores; nothing for any other. */
function ignoredBy(packet: Packet): readonly string[] {
  return 'ignored' in packet && Array.isArray(packet.ignored) ? (packet.ignored as string[]) : [];
}

function byPath(packet: Packet): ReadonlyMap<string, PacketField> {
  return new Map(fieldsOf(packet).map((field) => [field.path, field]));
}

function difference(
  path: string,
  wanted: PacketField | undefined,
  came: PacketField | undefined,
): FieldDifference[] {
  if (isSame(wanted, came)) return [];
  const expected = wanted?.shown ?? ABSENT;
  const actual = came?.shown ?? ABSENT;
  if (expected !== actual || wanted?.bytes === undefined || came?.bytes === undefined) {
    return [{ path, expected, actual }];
  }
  // Alike to read and not alike: tokens with other descriptors, long texts that differ at their ends.
  const at = firstDifference(wanted.bytes, came.bytes);
  return [
    { path: `${path}, byte ${at}`, expected: byteAt(wanted.bytes, at), actual: byteAt(came.bytes, at) },
  ];
}

function isSame(a: PacketField | undefined, b: PacketField | undefined): boolean {
  if (a?.bytes !== undefined && b?.bytes !== undefined) return sameBytes(a.bytes, b.bytes);
  return a?.shown === b?.shown;
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at === -1 ? a.length : at;
}

function byteAt(bytes: Uint8Array, at: number): string {
  const byte = bytes[at];
  return byte === undefined
    ? `the end, after ${bytes.length} bytes`
    : `0x${byte.toString(16).padStart(2, '0')}`;
}
