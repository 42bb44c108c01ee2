import { checkDeclaredBody } from '../../../../protocol/declared-body';
import { traceContextOf } from '../../../../protocol/revision/trace-context';
import type { MessageOf } from '../../../../wire/message';
import type { MessageType } from '../../../../wire/message-type';
import type { SessionCore } from '../../session-core';

/** TRACE_CONTEXT: where an operation belongs, or with frame 0 all that the session submits from now on. */
export function onTraceContext(
  session: SessionCore,
  message: MessageOf<typeof MessageType.TraceContext>,
): void {
  checkDeclaredBody(message, session.revision);
  session.schedule.say(message.header.frameId, { trace: traceContextOf(message) });
}
