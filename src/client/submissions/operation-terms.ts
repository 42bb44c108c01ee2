import type { Budget } from '../../protocol/operation/budget';
import type { Capabilities } from '../../protocol/capability/capabilities';
import type { RouteHint } from '../../protocol/operation/route-hint';
import type { TraceContext } from '../../protocol/operation/trace-context';
import { encodeCapabilityTokens } from '../../wire/preview4/capability-tokens';
import type { PriorityClass } from '../../wire/messages/session-open';

/** What a client says of an operation besides its submit, to a server that speaks preview4; else it is of no effect. */
export interface OperationTerms {
  /**
   * When the answer is of no use any more, in milliseconds since 1970 by this host's clock: then the server ends the
   * operation, `late` (DEADLINE); Infinity for never. Default: no DEADLINE is sent.
   */
  readonly deadlineAt?: number;
  /** How it stands to those that wait at the server for a slot (PRIORITY_UPDATE). Default: as its session. */
  readonly priority?: PriorityClass;
  /**
   * What the answer may still use; what goes beyond it in `tokens` or `bandwidthBytes` ends it, `budget-exceeded`
   * (BUDGET_UPDATE). What is left out is without bound. Default: no bound.
   */
  readonly budget?: Partial<Budget>;
  /**
   * Where it belongs in a trace (TRACE_CONTEXT): an interceptor sets it with `operation.with`. Default: only what `traceId` of
   * the request says.
   */
  readonly trace?: TraceContext;
  /** Where it would best run (ROUTE_HINT): its handler may go by it. Default: anywhere. */
  readonly routeHint?: RouteHint;
  /** What would best do the work that it makes (EXECUTION_HINT). Default: anything. */
  readonly executionHint?: RouteHint;
  /** What it makes do with, where that is less than it would have (DEGRADE_PROFILE). Default: all that it can get. */
  readonly degraded?: Capabilities;
}

/** Also where a field is undefined. */
export type PossibleTerms = { readonly [N in keyof OperationTerms]?: OperationTerms[N] | undefined };

/** Of a request; undefined where it says nothing, as most do. */
export function termsOf(request: OperationTerms): OperationTerms | undefined {
  const { deadlineAt, priority, budget, trace, routeHint, executionHint, degraded } = request;
  const isPlain =
    deadlineAt === undefined && priority === undefined && budget === undefined && trace === undefined;
  if (isPlain && routeHint === undefined && executionHint === undefined && degraded === undefined)
    return undefined;
  return { deadlineAt, priority, budget, trace, routeHint, executionHint, degraded } as OperationTerms;
}

/** The names of those terms that are said with a body, and the bytes that it has. */
export function bodiesOf({
  routeHint,
  executionHint,
  degraded,
}: PossibleTerms): [keyof OperationTerms, number][] {
  return [
    ['routeHint', routeHint?.body?.length ?? 0],
    ['executionHint', executionHint?.body?.length ?? 0],
    ['degraded', degraded?.tokens === undefined ? 0 : encodeCapabilityTokens(degraded.tokens).length],
  ];
}
