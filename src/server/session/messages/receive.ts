import { acceptsMessages } from '../../../protocol/session/session-lifecycle';
import { decodeMessage, type MessageOf, type TypeFrom } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import type { Packet } from '../../../wire/packet';
import type { SessionCore } from '../session-core';
import { notOpen, type Toll } from '../session-terms';
import { onAdvice } from './advice';
import { onBudget } from './terms/budget';
import { onCacheInvalidate, onCachePut, onCacheReference } from './cache';
import { onCancel, onControl, onSupersede } from './cancel';
import { onCapabilities, onDegrade } from './terms/capabilities';
import { onClose, onCloseAck } from './close';
import { onFlowUpdate } from './flow-update';
import { onMigrate } from './migrate';
import { onObject } from './objects';
import { onPatch } from './patch';
import { onPing } from './ping';
import { onPressure } from './pressure';
import { onRouteHint } from './terms/route-hint';
import { onScheduling } from './terms/scheduling';
import { onSubmit } from './submit';
import { onTraceContext } from './terms/trace-context';

/** The messages of a client in a session, of either revision, but for submits. */
type SessionRequest = MessageOf<
  Exclude<
    TypeFrom<'client', 'session' | 'operation' | 'any', 'preview3' | 'preview4'>,
    typeof MessageType.FrameSubmit
  >
>;

/**
 * Hands a session a packet of its own that was judged, which came at `now`; what that costs its connection. Throws an
 * `NnrpError` or a `RuntimeError` that says what is wrong.
 */
export function receive(session: SessionCore, packet: Packet, now: number): Toll | undefined {
  if (!acceptsMessages(session.state)) throw notOpen(session);
  session.heard(now);
  // Nearly all are submits: those need no message made of them.
  if (packet.header.messageType === MessageType.FrameSubmit) return onSubmit(session, packet, now);
  return onMessage(session, decodeMessage(packet, session.revision) as SessionRequest, now);
}

function onMessage(session: SessionCore, message: SessionRequest, now: number): Toll | undefined {
  switch (message.messageType) {
    case MessageType.FrameCancel:
      return onCancel(session, message, now);
    case MessageType.Cancel:
    case MessageType.Abort:
      return onControl(session, message, now);
    case MessageType.Supersede:
      return onSupersede(session, message, now);
    case MessageType.Deadline:
    case MessageType.ExpireAt:
    case MessageType.PriorityUpdate:
      return onScheduling(session, message);
    case MessageType.BudgetUpdate:
      onBudget(session, message);
      return undefined;
    case MessageType.TraceContext:
      onTraceContext(session, message);
      return undefined;
    case MessageType.RouteHint:
    case MessageType.ExecutionHint:
      onRouteHint(session, message);
      return undefined;
    case MessageType.CapabilityNegotiation:
      onCapabilities(session, message);
      return undefined;
    case MessageType.DegradeProfile:
      onDegrade(session, message);
      return undefined;
    case MessageType.Backpressure:
    case MessageType.CreditUpdate:
      onPressure(session, message);
      return undefined;
    case MessageType.Ping:
      onPing(session, message);
      return undefined;
    case MessageType.SessionPatch:
      onPatch(session, message);
      return undefined;
    case MessageType.SessionMigrate:
      onMigrate(session, message);
      return undefined;
    case MessageType.SessionClose:
      onClose(session, message);
      return undefined;
    case MessageType.SessionCloseAck:
      onCloseAck(session, message);
      return undefined;
    case MessageType.CachePut:
      onCachePut(session, message);
      return undefined;
    case MessageType.CacheInvalidate:
      onCacheInvalidate(session, message);
      return undefined;
    case MessageType.CacheReference:
      onCacheReference(session, message);
      return undefined;
    case MessageType.ObjectDeclare:
    case MessageType.ObjectRef:
    case MessageType.ObjectRelease:
    case MessageType.ObjectPatch:
    case MessageType.ObjectDelta:
      onObject(session, message);
      return undefined;
    case MessageType.FlowUpdate:
      onFlowUpdate(session, message);
      return undefined;
    default:
      // Of preview3 none is left: one that is forgotten here does not compile.
      onAdvice(message, session.revision);
      return undefined;
  }
}
