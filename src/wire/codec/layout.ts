import type { Field, FieldValue } from './fields';

/** The fields of a record by name. */
export type Layout = Readonly<Record<string, Field>>;

/** The values that a layout decodes to. */
export type LayoutValue<L extends Layout> = { -readonly [K in keyof L]: FieldValue<L[K]> };

/** A record as it is stated: its length, and its fields with their places. */
export interface RecordDefinition<L extends Layout = Layout> {
  /** The record's name in the protocol, e.g. `FrameSubmitMetadata`. */
  readonly name: string;
  /** Its name in errors (`tensor_section`), where that does not follow from the name. */
  readonly subject?: string;
  /** Bytes. */
  readonly length: number;
  readonly fields: L;
  /** Places that must be 0 and that no field shows. */
  readonly reserved?: Layout;
  /** What is checked first, reserved places or masks; tells which fault is named where there are several. */
  readonly checkedFirst?: 'reserved' | 'masks';
  /** Bytes that the record starts with: written, and checked before all else (`InvalidMagic`). */
  readonly magic?: readonly number[];
  /** Checks of raw bytes that come before those of fields. Throws. */
  readonly first?: (bytes: Uint8Array, offset: number) => void;
  /** Rules that span fields, checked last, on reading and on writing. Throws. */
  readonly rules?: (value: LayoutValue<L>) => void;
}

/** Reads each field by itself, of bytes that were checked. */
export type FieldReaders<T> = {
  readonly [K in keyof T]: (bytes: Uint8Array, offset?: number) => T[K];
};

export interface Codec<T> {
  readonly read: FieldReaders<T>;
  decode(bytes: Uint8Array, offset: number): T;
  /** The checks of `decode`. */
  check(bytes: Uint8Array, offset: number): void;
  encodeInto(value: T, bytes: Uint8Array, offset: number): void;
  /** A whole value: fields that are not given are zero. */
  of(fields: Partial<T>): T;
}

/** How errors call a record's places: `frame_submit.reserved1`. */
export function fieldPath(
  { name, subject }: Pick<RecordDefinition, 'name' | 'subject'>,
  field: string,
): string {
  return `${subject ?? snakeCase(subjectOf(name))}.${snakeCase(field)}`;
}

function subjectOf(recordName: string): string {
  return recordName.replace(/(Metadata|Block|DescriptorHeader)$/, (suffix) =>
    suffix === 'DescriptorHeader' ? 'Descriptor' : '',
  );
}

function snakeCase(name: string): string {
  return name.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
