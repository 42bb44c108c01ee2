import type { CommonHeader, HeaderFields } from '../../wire/header';
import {
  firstRow,
  type FirstRevision,
  type MessageMetadata,
  type MetadataType,
  type RevisionName,
} from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import { EMPTY, packet, type Packet } from '../../wire/packet';
import type { MessageRow, Revision } from '../../wire/revision';
import type { WireRecord } from '../../wire/codec/record';
import { bytesOf, type Bytes } from './bytes';

/** What a header says besides the message type; lengths follow from the packet's parts. */
export type HeaderSaying = Partial<Omit<HeaderFields, 'messageType' | 'metaLen' | 'bodyLen'>>;

/** What a packet is made of, as far as it was said. */
export interface PacketParts {
  readonly messageType: MessageType;
  readonly header: HeaderSaying;
  readonly body: Uint8Array;
  /** Metadata that is no encoded record. */
  readonly rawMetadata?: Uint8Array;
  readonly ignored: readonly string[];
  /** Whose record the metadata are; undefined for the first that has the type. */
  readonly revision?: Revision;
}

/**
 * A packet as a test writes it: each modifier returns another packet and leaves this one as it is. It is
 * a `Packet`, so a transport takes it.
 */
export class BuiltPacket implements Packet {
  readonly header: CommonHeader;
  readonly metadata: Uint8Array;
  readonly body: Uint8Array;
  readonly #parts: PacketParts;

  constructor(parts: PacketParts, metadata: Uint8Array = parts.rawMetadata ?? EMPTY) {
    const whole = packet({ ...parts.header, messageType: parts.messageType }, metadata, parts.body);
    this.header = whole.header;
    this.metadata = whole.metadata;
    this.body = whole.body;
    this.#parts = parts;
  }

  /** Paths that a comparison with this packet passes over, see {@link BuiltPacket.ignoring}. */
  get ignored(): readonly string[] {
    return this.#parts.ignored;
  }

  /** Says something else in the header: `{ viewId: 3, traceId: 7n }`. */
  withHeader(fields: HeaderSaying): this {
    return this.rebuilt({ header: { ...this.#parts.header, ...fields } });
  }

  /** Carries another body. Metadata that says how long it is follows, unless `with` said otherwise. */
  withBody(body: Bytes): this {
    return this.rebuilt({ body: bytesOf(body) });
  }

  /** Carries these bytes for metadata, whatever they mean: what a broken peer sends. */
  withMetadata(metadata: Uint8Array): this {
    return this.rebuilt({ rawMetadata: metadata });
  }

  /**
   * Where a packet is expected, passes over what is not known beforehand: `'body'`, `'metadata'`,
   * `'metadata.serverRecvTsUs'`, `'header.traceId'`. Nothing is passed over otherwise.
   */
  ignoring(...paths: readonly string[]): this {
    return this.rebuilt({ ignored: [...this.#parts.ignored, ...paths] });
  }

  protected rebuilt(changes: Partial<PacketParts>): this {
    return this.of({ ...this.#parts, ...changes }) as this;
  }

  /** Makes another of the same class; each class its own kind. */
  protected of(parts: PacketParts): BuiltPacket {
    return new BuiltPacket(parts);
  }
}

/** What a packet is made of whose metadata is a record. */
export interface RecordParts<T extends MetadataType> extends PacketParts {
  readonly messageType: T;
}

/** A packet whose metadata is a record. */
export class RecordPacket<
  T extends MetadataType,
  R extends RevisionName = FirstRevision<T>,
> extends BuiltPacket {
  // Private to the engine, so that a deep comparison with a packet off the wire sees a packet alone.
  readonly #recordParts: RecordParts<T>;
  readonly #fields: Partial<MessageMetadata<T, R>>;

  /** `fields` are what was said; `lengths` follow from the body, and give way to what was said. */
  constructor(
    parts: RecordParts<T>,
    fields: Partial<MessageMetadata<T, R>>,
    lengths: Readonly<Record<string, number>> = bodyLength(parts),
  ) {
    super(parts, parts.rawMetadata ?? encoded(parts, { ...lengths, ...fields }));
    this.#recordParts = parts;
    this.#fields = fields;
  }

  protected get parts(): RecordParts<T> {
    return this.#recordParts;
  }

  /** What was said of the metadata. */
  protected get fields(): Partial<MessageMetadata<T, R>> {
    return this.#fields;
  }

  /**
   * Says something else in the metadata. Throws an `NnrpError` where the protocol forbids it; what a
   * broken peer sends is made with `withMetadata`.
   */
  with(fields: Partial<MessageMetadata<T, R>>): this {
    return this.ofRecord(this.parts, { ...this.fields, ...fields }) as this;
  }

  protected override of(parts: PacketParts): BuiltPacket {
    return this.ofRecord({ ...parts, messageType: this.parts.messageType }, this.fields);
  }

  /** Makes another of the same class, which is made of the same two unless it overrides this. */
  protected ofRecord(parts: RecordParts<T>, fields: Partial<MessageMetadata<T, R>>): RecordPacket<T, R> {
    const Same = this.constructor as new (
      ...made: [RecordParts<T>, Partial<MessageMetadata<T, R>>]
    ) => RecordPacket<T, R>;
    return new Same(parts, fields);
  }
}

function rowOf({ messageType, revision }: PacketParts): MessageRow | undefined {
  return revision === undefined ? firstRow(messageType) : revision.messages[messageType];
}

function bodyLength(parts: PacketParts): Readonly<Record<string, number>> {
  const { body } = parts;
  const declared = rowOf(parts)?.body;
  // Where several parts make the body, it is the first unless the test says otherwise.
  const field = typeof declared === 'object' ? declared[0] : undefined;
  return field === undefined ? {} : { [field]: body.length };
}

function encoded(parts: PacketParts, fields: Readonly<Record<string, unknown>>): Uint8Array {
  const record = rowOf(parts)?.record as WireRecord<Readonly<Record<string, unknown>>>;
  return record.encode(record.of(fields));
}

/** The parts of a packet that nobody has changed yet. */
export function partsOf<T extends MessageType>(
  messageType: T,
  header: HeaderSaying = {},
  body: Bytes = EMPTY,
): PacketParts & { readonly messageType: T } {
  return { messageType, header, body: bytesOf(body), ignored: [] };
}

export function headerPacket(
  messageType: MessageType,
  header: HeaderSaying = {},
  body: Bytes = EMPTY,
): BuiltPacket {
  return new BuiltPacket(partsOf(messageType, header, body));
}

export function recordPacket<T extends MetadataType>(
  messageType: T,
  header: HeaderSaying,
  fields: Partial<MessageMetadata<T>>,
  body: Bytes = EMPTY,
): RecordPacket<T> {
  return new RecordPacket(partsOf(messageType, header, body), fields);
}

/**
 * A packet of any type with any bytes: what no other builder would make.
 *
 * @example
 * const short = raw(MessageType.FrameSubmit, { sessionId: 42, frameId: 1 }, new Uint8Array(71));
 */
export function raw(
  messageType: MessageType,
  header: HeaderSaying = {},
  metadata: Uint8Array = EMPTY,
  body: Bytes = EMPTY,
): BuiltPacket {
  return new BuiltPacket({ ...partsOf(messageType, header, body), rawMetadata: metadata });
}
