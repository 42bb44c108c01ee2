import { fieldPath } from './codec/layout';
import { NnrpError } from './errors';
import type { CommonHeader } from './header';
import type { MessageType, Preview3MessageType } from './message-type';
import type { Packet } from './packet';
import { preview3, type Preview3Rows } from './preview3';
import { preview4, type Preview4Rows } from './preview4';
import type { MessageRow, MessageScope, Revision, Sender } from './revision';

interface RowsOf {
  readonly preview3: Preview3Rows;
  readonly preview4: Preview4Rows;
}

/** The revisions that this library speaks. */
export type RevisionName = keyof RowsOf;

/** Their tables of messages. */
export const REVISIONS: Readonly<Record<RevisionName, Revision>> = { preview3, preview4 };

/** The revision that a message type came with. */
export type FirstRevision<T extends MessageType> = T extends Preview3MessageType ? 'preview3' : 'preview4';

/** The message types whose metadata are a record. */
export type MetadataType = {
  [T in MessageType]: MessageMetadata<T> extends undefined ? never : T;
}[MessageType];

/** The metadata of a message type in a revision, decoded; `undefined` where it has none. */
export type MessageMetadata<T extends MessageType, R extends RevisionName = FirstRevision<T>> =
  RowsOf[R] extends Readonly<Record<T, MessageRow<infer M>>>
    ? unknown extends M
      ? undefined
      : M
    : undefined;

/** A packet with its metadata decoded. */
export interface Message<T extends MessageType = MessageType, R extends RevisionName = FirstRevision<T>> {
  readonly messageType: T;
  readonly sessionId: number;
  readonly frameId: number;
  readonly header: CommonHeader;
  readonly metadata: MessageMetadata<T, R>;
  readonly body: Uint8Array;
}

/** The message types that one end sends in some scopes, of a revision: whoever acts on them must act on each. */
export type TypeFrom<
  From extends Sender,
  Scope extends MessageScope,
  R extends RevisionName = 'preview3',
> = R extends RevisionName ? Extract<RowsFrom<RowsOf[R], From, Scope>, MessageType> : never;

type RowsFrom<Rows, From extends Sender, Scope extends MessageScope> = {
  [T in keyof Rows]: Rows[T] extends MessageRow<unknown, From | 'both', Scope> ? T : never;
}[keyof Rows];

/** The union of the messages of some types, of a revision or of either, discriminated by `messageType`. */
export type MessageOf<T extends MessageType, R extends RevisionName = RevisionName> = T extends MessageType
  ? RevisionName extends R
    ? InEither<T>
    : Message<T, R>
  : never;

/** Any message of either revision, discriminated by `messageType`. */
export type AnyMessage = MessageOf<MessageType>;

/** One member, unless its metadata in preview4 are none of preview3's: cache keys are wider there. */
type InEither<T extends MessageType> =
  MessageMetadata<T, 'preview4'> extends MessageMetadata<T>
    ? Message<T>
    : Message<T, 'preview3'> | Message<T, 'preview4'>;

/**
 * Throws an `NnrpError`, `DeclaredLengthMismatch`, where the metadata of a message say of its body what is
 * not so, or where a message has a body that must not. `metadata` are what its record decodes to.
 */
export function checkBody({ record, body: rule }: MessageRow, metadata: unknown, body: Uint8Array): void {
  if (rule === 'payload' || rule === 'ignored') return;
  const lengths = metadata as Readonly<Record<string, number>>;
  const fields = rule === 'none' ? [] : rule;
  const declared = fields.reduce((sum, field) => sum + (lengths[field] ?? 0), 0);
  if (declared === body.length) return;
  const [first = 'body'] = fields;
  const field = record === undefined ? first : fieldPath(record.definition, first);
  throw new NnrpError({ kind: 'DeclaredLengthMismatch', field, declared, actual: body.length });
}

/** The row of a message type in the first revision that has it. */
export function firstRow(type: MessageType): MessageRow | undefined {
  return preview3.messages[type] ?? preview4.messages[type];
}

/**
 * Decodes a packet's metadata by its message type. Throws an `NnrpError`, `UnknownMessageType` where the
 * revision does not know the type.
 *
 * @example
 * const message = decodeMessage(packet);
 * if (message.messageType === MessageType.FlowUpdate) console.log(message.metadata.sessionCredit);
 */
export function decodeMessage(packet: Packet, revision: Revision = preview3): AnyMessage {
  const { header, body } = packet;
  const row = revision.messages[header.messageType];
  if (row === undefined) throw new NnrpError({ kind: 'UnknownMessageType', actual: header.messageType });
  const metadata = row.record?.decode(packet.metadata);
  row.checkRules(metadata, header.messageType);
  const message = {
    messageType: header.messageType,
    sessionId: header.sessionId,
    frameId: header.frameId,
    header,
    metadata,
    body,
  };
  // The revision's table pairs type and record; the compiler cannot follow an array.
  return message as AnyMessage;
}
