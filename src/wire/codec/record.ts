import { checkDefinition } from './checks';
import { compileCodec } from './compiled';
import { interpretCodec } from './interpreted';
import type { Codec, FieldReaders, Layout, LayoutValue, RecordDefinition } from './layout';

/** A fixed-length record of the protocol: one layout for reading, writing, the type and the docs. */
export interface WireRecord<T> {
  readonly name: string;
  /** Bytes. */
  readonly length: number;
  readonly definition: RecordDefinition;
  /**
   * Reads a record that starts at `offset`; longer sources are fine. Throws an `NnrpError`, and a
   * `RangeError` for an offset that is not an integer from 0.
   */
  decode(bytes: Uint8Array, offset?: number): T;
  /**
   * Judges a record as `decode` does, and throws what that throws; cheaper where nobody may want the value.
   *
   * @example
   * FrameSubmitMetadata.check(packet.metadata);
   * const budgetMs = FrameSubmitMetadata.read.latencyBudgetMs(packet.metadata);
   */
  check(bytes: Uint8Array, offset?: number): void;
  /** Reads one field each, of bytes that `check` or `decode` has let pass: nothing is checked here. */
  readonly read: FieldReaders<T>;
  /** Writes a record into new bytes, with the same checks as reading. Throws an `NnrpError`. */
  encode(value: T): Uint8Array;
  /** Writes a record in place. Throws an `NnrpError`, `DestinationTooShort` among others. */
  encodeInto(value: T, bytes: Uint8Array, offset?: number): void;
  /** A whole value from some of its fields; the others are 0. */
  of(fields?: Partial<T>): T;
}

/** The type that a record decodes to. */
export type RecordValue<R> = R extends WireRecord<infer T> ? T : never;

/**
 * Defines a record. Where the checks of section 3 run in an order, it is: length, `first`, reserved
 * places, masks (these two the other way round where the definition says so), enumerations, `rules`. Throws a `RangeError` where a field lies outside the record or
 * is too narrow for its enumeration.
 *
 * @example
 * export const SessionCloseAckMetadata = record({
 *   name: 'SessionCloseAckMetadata',
 *   length: 16,
 *   fields: { closeStatus: enumU8(0, CloseStatus), lastOperationId: u64(4), sessionErrorCode: u32(12) },
 *   reserved: { reserved0: u8(1), reserved1: u16(2) },
 * });
 * export type SessionCloseAckMetadata = RecordValue<typeof SessionCloseAckMetadata>;
 */
export function record<const L extends Layout>(definition: RecordDefinition<L>): WireRecord<LayoutValue<L>> {
  type Value = LayoutValue<L>;
  const { name, length } = definition;
  checkDefinition(definition as unknown as RecordDefinition);
  const codec: Codec<Value> = compileCodec(definition) ?? interpretCodec(definition);
  return {
    name,
    length,
    definition: definition as unknown as RecordDefinition,
    decode: (bytes, offset = 0) => codec.decode(bytes, offset),
    check: (bytes, offset = 0) => {
      codec.check(bytes, offset);
    },
    read: codec.read,
    encode(value) {
      const bytes = new Uint8Array(length);
      codec.encodeInto(value, bytes, 0);
      return bytes;
    },
    encodeInto: (value, bytes, offset = 0) => {
      codec.encodeInto(value, bytes, offset);
    },
    of: (fields = {}) => codec.of(fields),
  };
}

/** Where a record has a field, in bytes from its start. */
export function fieldOffset<T>({ name, definition }: WireRecord<T>, field: keyof T & string): number {
  const found = definition.fields[field];
  if (found === undefined) throw new TypeError(`${name} has no ${field}`);
  return found.offset;
}

/**
 * A record as another revision has it: fields of `changes` take the place of those of their name, and its
 * rules that of the rules.
 *
 * @example
 * export const FlowUpdateMetadata = revised(later.FlowUpdateMetadata, {
 *   fields: { backpressureLevel: enumU8(2, without(BackpressureLevel, 'Paused')) },
 * });
 */
export function revised<T, const L extends Layout = Readonly<Record<never, never>>>(
  base: WireRecord<T>,
  changes: { readonly fields?: L; readonly rules?: (value: Omit<T, keyof L> & LayoutValue<L>) => void },
): WireRecord<Omit<T, keyof L> & LayoutValue<L>> {
  const { definition } = base;
  const fields = { ...definition.fields, ...changes.fields };
  return record({ ...definition, ...changes, fields } as RecordDefinition) as unknown as WireRecord<
    Omit<T, keyof L> & LayoutValue<L>
  >;
}
