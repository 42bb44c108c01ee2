import type { Capabilities } from '../../protocol/capability/capabilities';
import { CAPABILITY_RULES } from '../../protocol/capability/capability-rules';
import { CancelScope } from '../../protocol/operation/operation';
import type { ToolRequest } from '../../protocol/content/tool-call';
import type { Progress } from '../../protocol/operation/progress';
import { TRACE_RULES, type TraceContext } from '../../protocol/operation/trace-context';
import type { OperationRelations } from '../../protocol/operation/operation-entry';
import {
  integer,
  required,
  rule,
  text,
  u32,
  valueOf,
  wireCount,
  type Rule,
} from '../../protocol/options/rules';
import { takeOptions, takeValue, type Rules } from '../../protocol/options/take-options';
import { FlowScope } from '../../wire/messages/flow-update';
import { DropReason } from '../../wire/preview4/results';
import type { CreditTarget } from './session-terms';

const operationId = integer(1, Number.MAX_SAFE_INTEGER);

const RELATIONS: Rules<OperationRelations> = { parentId: operationId, groupId: operationId };

const cancelScope = valueOf(CancelScope);

const PROGRESS: Rules<Progress> = {
  percent: rule(
    'a number from 0 to 100',
    (value) => typeof value === 'number' && value >= 0 && value <= 100,
    'number',
  ),
  stage: integer(0, 0x7fff),
  text: rule('a string', (value) => typeof value === 'string'),
};

const TOOL: Rules<ToolRequest> = {
  name: required(text),
  // Judged where it is encoded: to ask what JSON has of it is to encode it.
  arguments: rule('a value that JSON has', () => true),
};

const dropReason = valueOf(DropReason);

const scope = required(valueOf(FlowScope));

/** These throw a `TypeError` or a `RangeError` that names the argument, the value and what it may be. */
export function takeFrameId(frameId: unknown): number {
  return takeValue(frameId, 'frameId', u32);
}

export function takeCancelScope(given: unknown): CancelScope {
  return takeValue(given, 'scope', cancelScope);
}

export function takeDropReason(given: unknown): DropReason {
  return takeValue(given, 'the reason of submit.drop', dropReason);
}

/** Infinity is as much as there may be. */
export function takeCredit(credit: unknown): number {
  return takeValue(credit, 'credit', wireCount);
}

export function takeCreditTarget(target: unknown): CreditTarget {
  const isOfOperation = (target as Partial<CreditTarget> | null)?.scope === FlowScope.Operation;
  const frameId: Rule<number> = isOfOperation ? required(u32) : u32;
  return takeOptions<{ scope: FlowScope; frameId?: number }>('the target of credit', target, {
    scope,
    frameId,
  }) as CreditTarget;
}

export function takeRelations(relations: unknown): OperationRelations {
  return takeOptions('submit.relate', relations, RELATIONS);
}

export function takeProgress(progress: unknown): Progress {
  return takeOptions('submit.progress', progress, PROGRESS);
}

export function takeToolRequest(request: unknown): ToolRequest {
  return takeOptions('submit.tool', request, TOOL);
}

export function takeCapabilities(to: unknown): Capabilities {
  return takeOptions('submit.degrade', to, CAPABILITY_RULES);
}

export function takeTrace(trace: unknown): TraceContext {
  return takeOptions('session.sendTrace', trace, TRACE_RULES);
}
