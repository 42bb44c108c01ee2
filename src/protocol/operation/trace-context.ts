import { flag, required, u64, type Rule } from '../options/rules';
import type { Rules } from '../options/take-options';

/** Where work belongs in a trace; the ids are 64 bits, and not 0. */
export interface TraceContext {
  /** Of all of the trace. */
  readonly traceId: bigint;
  /** Of the work that says it. */
  readonly spanId: bigint;
  /** Of the work around that. Default: none. */
  readonly parentSpanId?: bigint | undefined;
  /** Whether the trace is recorded. Default false. */
  readonly isSampled?: boolean;
}

/** Where a server has its work for a client in a trace. */
export interface ToldTrace extends TraceContext {
  /** The operation that it is for; 0: the session. */
  readonly frameId: number;
}

const traceOrSpan: Rule<bigint> = {
  ...u64,
  expected: u64.expected.replace('0', '1'),
  fits: (value) => u64.fits(value) && value !== 0n,
};

export const TRACE_RULES: Rules<TraceContext> = {
  traceId: required(traceOrSpan),
  spanId: required(traceOrSpan),
  parentSpanId: u64,
  isSampled: flag,
};
