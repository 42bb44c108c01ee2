import { TraceContextMetadata, TraceFlag } from '../../wire/preview4/control/hints';
import type { TraceContext } from '../operation/trace-context';

export function traceMetadata({
  traceId,
  spanId,
  parentSpanId = 0n,
  isSampled = false,
}: TraceContext): Uint8Array {
  const flags = isSampled ? TraceFlag.Sampled : 0;
  return TraceContextMetadata.encode(TraceContextMetadata.of({ traceId, spanId, parentSpanId, flags }));
}

export function traceContextOf({ traceId, spanId, parentSpanId, flags }: TraceContextMetadata): TraceContext {
  return {
    traceId,
    spanId,
    ...(parentSpanId !== 0n && { parentSpanId }),
    isSampled: (flags & TraceFlag.Sampled) !== 0,
  };
}
