import { checkDeclaredBody } from '../../../../protocol/declared-body';
import { routeHintOf } from '../../../../protocol/revision/route-hint';
import type { MessageOf } from '../../../../wire/message';
import { MessageType } from '../../../../wire/message-type';
import type { SessionCore } from '../../session-core';

/** ROUTE_HINT and EXECUTION_HINT: where an operation would best run, or with operation 0 all that the session submits. */
export function onRouteHint(
  session: SessionCore,
  message: MessageOf<typeof MessageType.RouteHint | typeof MessageType.ExecutionHint>,
): void {
  const { messageType, header, metadata, body } = message;
  checkDeclaredBody(message, session.revision);
  const hint = routeHintOf(metadata, body);
  const said = messageType === MessageType.RouteHint ? { routeHint: hint } : { executionHint: hint };
  session.schedule.hint(header, metadata.operationId, said);
}
