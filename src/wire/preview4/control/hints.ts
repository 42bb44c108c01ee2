import { enumeration, type EnumerationValue } from '../../codec/enumeration';
import { maskU16, maskU32, u16, u32, u64 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { breaksRule } from '../../errors';

/** Customary values of `executorClass`; any other is allowed. */
export const ExecutorClass = enumeration('executor_class', {
  Unspecified: 0,
  LocalRuntime: 1,
  RemoteRuntime: 2,
  GpuWorker: 3,
  CpuWorker: 4,
  Subagent: 5,
  ToolHost: 6,
  ModelServer: 7,
  RenderWorker: 8,
});
export type ExecutorClass = EnumerationValue<typeof ExecutorClass>;

/** Customary values of `affinityClass`; any other is allowed. */
export const AffinityClass = enumeration('affinity_class', {
  None: 0,
  SameProcess: 1,
  SameHost: 2,
  SameGpu: 3,
  SameNuma: 4,
  SameRegion: 5,
  StorageLocal: 6,
});
export type AffinityClass = EnumerationValue<typeof AffinityClass>;

/** Flags of ROUTE_HINT. */
export const RouteHintFlag = { MustHonor: 0x1, BestEffort: 0x2 } as const;

/** ROUTE_HINT and EXECUTION_HINT. Body: the hint, of `bodyBytes`. */
export const RouteHintMetadata = record({
  name: 'RouteHintMetadata',
  length: 32,
  fields: {
    /** 0: the session. */
    operationId: u64(0),
    routeId: u32(8),
    executorClass: u16(12),
    affinityClass: u16(14),
    /** Milliseconds since 1970. */
    deadlineUnixMs: u64(16),
    bodyBytes: u32(24),
    flags: maskU32(28, 0x3),
  },
});
export type RouteHintMetadata = RecordValue<typeof RouteHintMetadata>;

/** Flags of TRACE_CONTEXT. */
export const TraceFlag = { Sampled: 0x1, Error: 0x2 } as const;

/** TRACE_CONTEXT. Body: the context's own, of `bodyBytes`. */
export const TraceContextMetadata = record({
  name: 'TraceContextMetadata',
  length: 32,
  fields: {
    traceId: u64(0),
    spanId: u64(8),
    parentSpanId: u64(16),
    stageCode: u16(24),
    flags: maskU16(26, 0x3),
    bodyBytes: u32(28),
  },
});
export type TraceContextMetadata = RecordValue<typeof TraceContextMetadata>;

/** Checks what the record alone does not say of a TRACE_CONTEXT. Throws an `NnrpError`. */
export function checkTraceContext({ traceId, spanId }: TraceContextMetadata): void {
  if (traceId === 0n || spanId === 0n) {
    breaksRule('TRACE_CONTEXT requires non-zero trace_id and span_id');
  }
}
