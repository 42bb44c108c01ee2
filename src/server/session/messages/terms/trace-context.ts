import { checkDeclaredBody } from '../../../../protocol/declared-body';
import { traceContextOf } from '../../../../protocol/revision/trace-context';
import { breaksRule } from '../../../../wire/errors';
import type { MessageOf } from '../../../../wire/message';
import type { MessageType } from '../../../../wire/message-type';
import type { SessionCore } from '../../session-core';

/** TRACE_CONTEXT: where an operation belongs, or with frame 0 all that the session submits from now on. */
export function onTraceContext(
  session: SessionCore,
  message: MessageOf<typeof MessageType.TraceContext>,
): void {
  const { header, metadata } = message;
  checkDeclaredBody(message, session.revision);
  if (header.traceId !== 0n && header.traceId !== metadata.traceId) {
    breaksRule('TRACE_CONTEXT has the trace_id of its header, where that has one');
  }
  session.schedule.say(header.frameId, { trace: traceContextOf(metadata) });
}
