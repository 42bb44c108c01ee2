import type { MessageOf } from '../../../wire/message';
import type { MessageType } from '../../../wire/message-type';
import type { SessionCore } from '../session-core';

/** SUPERSEDE of preview4: another operation has taken the place of one. */
export function onSupersede(
  { operations, names }: SessionCore,
  { header, metadata }: MessageOf<typeof MessageType.Supersede>,
): void {
  const submit = operations.get(header.frameId);
  names?.checkBound(metadata.oldOperationId, submit);
  submit?.supersede();
}
