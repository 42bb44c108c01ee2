import { breaksRule } from '../../wire/errors';
import type { MessageOf } from '../../wire/message';
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

/** What a TRACE_CONTEXT says. Throws an `NnrpError` where its header names another trace. */
export function traceContextOf({
  header,
  metadata,
}: MessageOf<typeof MessageType.TraceContext>): TraceContext {
  const { traceId, spanId, parentSpanId, flags } = metadata;
  if (header.traceId !== 0n && header.traceId !== traceId)
    breaksRule('TRACE_CONTEXT has the trace_id of its header, where that has one');
  return {
    traceId,
    spanId,
    ...(parentSpanId !== 0n && { parentSpanId }),
    isSampled: (flags & TraceFlag.Sampled) !== 0,
  };
}
