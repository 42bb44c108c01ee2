import type { PayloadShape } from './body/typed-payload';
import type { WireRecord } from './codec/record';
import type { MessageType } from './message-type';

/** Which end sends a message. */
export type Sender = 'client' | 'server' | 'both';

/**
 * The scope of a message; `any` where it says so itself. `opening`: the connection, which may name the session that
 * it is to carry.
 */
export type MessageScope = 'connection' | 'opening' | 'session' | 'operation' | 'any';

/**
 * The kind of a body: `payload`, which describes itself or is the application's; `ignored`; `none`; or as long as
 * some fields of the metadata say together.
 */
export type MessageBody<Field extends PropertyKey = string> =
  'payload' | 'ignored' | 'none' | readonly Field[];

/** The class that a message is counted in by whoever limits how often it may come. */
export type RateClass =
  | 'hello'
  | 'open'
  | 'end'
  | 'submit'
  | 'cancel'
  | 'patch'
  | 'migrate'
  | 'cache-put'
  | 'cache-invalidate'
  | 'ping'
  | 'pong'
  | 'flow'
  | 'control'
  | 'object'
  | 'answer';

/**
 * Whether a message is one of those that must arrive exactly once, whatever becomes of the connection: they
 * are numbered, kept until they have arrived, and sent again at a resume. `of-frame`: where its scope is an
 * operation.
 */
export type Counted = 'counted' | 'of-frame' | 'uncounted';

/** All that a revision knows of a message type: a row of its table. */
export interface MessageRow<
  M = unknown,
  From extends Sender = Sender,
  Scope extends MessageScope = MessageScope,
> {
  /** The record of the metadata; undefined where there is none. */
  readonly record: WireRecord<M> | undefined;
  readonly sender: From;
  readonly scope: Scope;
  readonly body: MessageBody;
  /** The name of the operation: the header's frame id, or a field of the metadata. */
  readonly operation: string;
  readonly rate: RateClass;
  readonly counted: Counted;
  /** Its name in errors and marbles. */
  readonly shortName: string;
  /** Checks what the record alone does not say, where there is anything. Throws an `NnrpError`. */
  checkRules(metadata: M, type: MessageType): void;
  /** The protocol's rule that a message is a header and no more; undefined where that is its session's. */
  readonly headerOnlyRule: string | undefined;
  /** Bytes of a body that is taken; Infinity where only a packet's length bounds it, or what is kept of it is bounded. */
  readonly mostBody: number;
}

/** One version of the wire: what it is called, its records by name, and its table of messages. */
export interface Revision {
  readonly name: string;
  readonly records: Readonly<Record<string, WireRecord<unknown>>>;
  /** A row for each message type, by its number; undefined where the revision does not know the type. */
  readonly messages: readonly (MessageRow | undefined)[];
  /** How a body's typed payload is read. */
  readonly typedPayload: {
    /** The frames of a typed payload, by its regions. */
    decode(shape: PayloadShape, descriptors: Uint8Array, frames: Uint8Array): readonly DescribedFrame[];
  };
}

/** One frame of a typed payload, with what the descriptors of every revision say. */
export interface DescribedFrame {
  readonly descriptor: {
    readonly profileId: number;
    readonly schemaId: number;
    readonly schemaVersion: number;
  };
  readonly payload: Uint8Array;
}

type FieldOf<M> = Extract<keyof M, string>;

/** A row of a table, its columns in order. */
export function row<M = undefined, From extends Sender = Sender, Scope extends MessageScope = MessageScope>(
  record: WireRecord<M> | undefined,
  sender: From,
  scope: Scope,
  operation: 'none' | 'frame' | FieldOf<M>,
  body: MessageBody<FieldOf<M>>,
  rate: RateClass,
  counted: Counted,
  shortName: string,
  { checkRules = noRules, headerOnlyRule, mostBody = Infinity }: RowRules<M> = {},
): MessageRow<M, From, Scope> {
  return {
    record,
    sender,
    scope,
    operation,
    body,
    rate,
    counted,
    shortName,
    checkRules,
    headerOnlyRule,
    mostBody,
  };
}

interface RowRules<M> {
  readonly checkRules?: (metadata: M, type: MessageType) => void;
  readonly headerOnlyRule?: string;
  readonly mostBody?: number;
}

/** Rules of messages that are a header and no more. */
export const EMPTY_DROP = 'RESULT_DROP is header-only and requires meta_len=0 and body_len=0';
export const EMPTY_CONTROL = 'empty control message requires expected type, meta_len=0, and body_len=0';

function noRules(): void {
  // The record says it all.
}

/** The rows of a table by the numbers of their types. */
export function byNumber(rows: Readonly<Record<number, MessageRow>>): Revision['messages'] {
  return Array.from({ length: 256 }, (_, type) => rows[type]);
}

/** Whether a revision has a message type as a header and nothing else. */
export function isHeaderOnly({ messages }: Revision, type: MessageType): boolean {
  const known = messages[type];
  return known !== undefined && known.record === undefined && known.body === 'none';
}
