import type { MessageMetadata, MetadataType } from '../../wire/message';
import { EMPTY } from '../../wire/packet';
import { preview4 } from '../../wire/preview4';
import { partsOf, RecordPacket, type HeaderSaying } from './built-packet';
import type { Bytes } from './bytes';

/**
 * A message of preview4, of any type that has metadata; those that are headers alone are as in preview3.
 * Fields that are not given are 0, and the length of the body is what the metadata say of it. Throws an
 * `NnrpError` where a record forbids what is given.
 *
 * @example
 * const why = inPreview4(MessageType.ResultDropReason, { sessionId: 42, frameId: 1 }, { operationId: 7n, dropReasonCode: 3 });
 * const part = inPreview4(MessageType.PartialResult, { sessionId: 42, frameId: 1 }, { operationId: 7n }, 'part');
 */
export function inPreview4<T extends MetadataType>(
  messageType: T,
  header: HeaderSaying,
  fields: Partial<MessageMetadata<T, 'preview4'>>,
  body: Bytes = EMPTY,
): RecordPacket<T, 'preview4'> {
  return new RecordPacket<T, 'preview4'>(
    { ...partsOf(messageType, header, body), revision: preview4 },
    fields,
  );
}
