import { map, type OperatorFunction } from 'rxjs';
import { protocolError } from '../src/protocol/runtime-error';
import { NnrpError } from '../src/wire/errors';
import { decodeMessage, type AnyMessage, type MessageOf } from '../src/wire/message';
import type { MessageType } from '../src/wire/message-type';
import type { Packet } from '../src/wire/packet';
import { isHeaderOnly, type Revision } from '../src/wire/revision';
import { DEFAULT_REVISION, type CheckOptions, type RevisionOptions } from './check-options';
import { requireHeaderOnly } from './require-header-only';
import { requireMessageType } from './require-message-type';
import { requireMetadataLength } from './require-metadata-length';

/**
 * Decodes the metadata of packets, by their message type.
 *
 * Without a type it takes all, each as the member of `AnyMessage` that its `messageType` says, and as
 * the protocol's parsers do lets metadata be longer than its record. With a type it takes that one
 * alone, with the exact length of its record.
 *
 * @example
 * packets$.pipe(decodeMetadata()).subscribe((message) => {
 *   if (message.messageType === MessageType.SessionClose) console.log(message.metadata.closeReason);
 * });
 *
 * @example
 * packets$
 *   .pipe(decodeMetadata(MessageType.FrameSubmit))
 *   .subscribe(({ frameId, metadata }) => console.log(frameId, metadata.latencyBudgetMs));
 *
 * @returns Messages. Errors with a `RuntimeError` of reach `packet`: `protocol`, with the `NnrpError` as
 * its cause, where a record is broken; `unexpected-message` at another type than the given one ("server
 * expected FRAME_SUBMIT") or another length ("server received malformed FRAME_SUBMIT metadata length");
 * and where the given type is header-only, as `requireHeaderOnly` does.
 */
export function decodeMetadata(): OperatorFunction<Packet, AnyMessage>;
export function decodeMetadata<T extends MessageType>(
  type: T,
  options?: CheckOptions & RevisionOptions,
): OperatorFunction<Packet, MessageOf<T>>;
export function decodeMetadata<T extends MessageType>(
  type?: T,
  options?: CheckOptions & RevisionOptions,
): OperatorFunction<Packet, AnyMessage | MessageOf<T>> {
  const { revision = DEFAULT_REVISION } = options ?? {};
  const decode = decoderOf(revision);
  if (type === undefined) return map(decode);
  return (source) =>
    source.pipe(
      requireMessageType(type, options),
      isHeaderOnly(revision, type) ? requireHeaderOnly(options) : requireMetadataLength(undefined, options),
      map(decode),
    );
}

function decoderOf(revision: Revision): (packet: Packet) => AnyMessage {
  return (packet) => {
    try {
      return decodeMessage(packet, revision);
    } catch (error) {
      throw error instanceof NnrpError ? protocolError(error) : error;
    }
  };
}
