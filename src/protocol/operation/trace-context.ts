/** Where an operation belongs in a trace, as its client says; the ids are 64 bits, and not 0. */
export interface TraceContext {
  /** Of all of the trace. */
  readonly traceId: bigint;
  /** Of the work that has asked. */
  readonly spanId: bigint;
  /** Of the work around that. Default: none. */
  readonly parentSpanId?: bigint | undefined;
  /** Whether the trace is recorded. Default false. */
  readonly isSampled?: boolean;
}
