import { MessageType } from '../../wire/message-type';
import { packet, type Packet } from '../../wire/packet';
import { TraceContextMetadata, TraceFlag } from '../../wire/preview4/control/hints';
import type { TraceContext } from '../operation/trace-context';

/** TRACE_CONTEXT of an operation, or of a session: frame 0. */
export function tracePacket(
  sessionId: number,
  frameId: number,
  { traceId, spanId, parentSpanId = 0n, isSampled = false }: TraceContext,
): Packet {
  const flags = isSampled ? TraceFlag.Sampled : 0;
  const metadata = TraceContextMetadata.of({ traceId, spanId, parentSpanId, flags });
  const fields = { messageType: MessageType.TraceContext, sessionId, frameId, traceId };
  return packet(fields, TraceContextMetadata.encode(metadata));
}

export function traceContextOf({ traceId, spanId, parentSpanId, flags }: TraceContextMetadata): TraceContext {
  return {
    traceId,
    spanId,
    ...(parentSpanId !== 0n && { parentSpanId }),
    isSampled: (flags & TraceFlag.Sampled) !== 0,
  };
}
