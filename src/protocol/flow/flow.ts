import { breaksRule } from '../../wire/errors';
import type { CommonHeader } from '../../wire/header';
import { MessageType } from '../../wire/message-type';
import { FlowFlag, FlowScope, type FlowUpdateMetadata } from '../../wire/messages/flow-update';

/** What changes credit: a FLOW_UPDATE, or a word of preview4, which is of no epoch. */
export type CreditChange = Omit<FlowUpdateMetadata, 'creditEpoch'> & {
  readonly creditEpoch: number | undefined;
};

/**
 * Checks that a FLOW_UPDATE's header and fields agree with its scope (protocol section 5). Throws an
 * `NnrpError`, `InvalidProtocolCombination`.
 */
export function validateFlowRouting(
  header: Pick<CommonHeader, 'messageType' | 'sessionId'>,
  update: FlowUpdateMetadata,
): void {
  if (header.messageType !== MessageType.FlowUpdate) {
    breaksRule('FLOW_UPDATE routing validation requires a FLOW_UPDATE header');
  }
  const { scopeKind, connectionCredit, sessionCredit, operationCredit, operationId } = update;
  switch (scopeKind) {
    case FlowScope.Connection:
      if (header.sessionId !== 0 || sessionCredit !== 0 || operationCredit !== 0 || operationId !== 0n) {
        breaksRule(
          'connection-scope FLOW_UPDATE requires header.session_id=0 and non-connection fields cleared',
        );
      }
      break;
    case FlowScope.Session:
      if (header.sessionId === 0 || connectionCredit !== 0 || operationCredit !== 0 || operationId !== 0n) {
        breaksRule('session-scope FLOW_UPDATE requires header.session_id!=0 and non-session fields cleared');
      }
      break;
    case FlowScope.Operation:
      if (header.sessionId === 0 || operationId === 0n) {
        breaksRule('operation-scope FLOW_UPDATE requires header.session_id!=0 and operation_id!=0');
      }
      break;
  }
  if (update.retryAfterMs !== 0 && (update.flowFlags & FlowFlag.RetryAfterValid) === 0) {
    breaksRule('FLOW_UPDATE retry_after_ms requires retry_after_valid flag');
  }
}

/** The credit that an update states for its scope; undefined where it states none. */
export function statedCredit(update: CreditChange): number | undefined {
  if ((update.flowFlags & FlowFlag.CreditValid) === 0) return undefined;
  switch (update.scopeKind) {
    case FlowScope.Connection:
      return update.connectionCredit;
    case FlowScope.Session:
      return update.sessionCredit;
    case FlowScope.Operation:
      return update.operationCredit;
  }
}

/** Milliseconds after which an update invites another try; undefined where it says nothing of it. */
export function statedRetryAfter(update: CreditChange): number | undefined {
  return (update.flowFlags & FlowFlag.RetryAfterValid) === 0 ? undefined : update.retryAfterMs;
}
