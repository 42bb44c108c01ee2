import { inPreview4, ping } from '../../../src/testing';
import {
  MessageType,
  messageTypeName,
  type MessageMetadata,
  type Packet,
  type Preview3MessageType,
} from '../../../src/wire';
import type { MetadataType } from '../../../src/wire/message';
import { CacheInvalidateScope, CacheObjectKind } from '../../../src/wire/messages/cache';
import { encodeCapabilityTokens } from '../../../src/wire/preview4/capability-tokens';
import { PressureFlag, PressureLevel } from '../../../src/wire/preview4/control/pressure';
import { SESSION, UNENDED } from './flood';

const T = MessageType;
/** Those that preview3 does not know. */
type NewType = Exclude<MetadataType, Preview3MessageType>;

const OPERATION = 101n;
const OF_OPERATION = { sessionId: SESSION, frameId: 1 };
const OF_SESSION = { sessionId: SESSION };
const KILOBYTE = 'x'.repeat(1024);

/** Packets of a type, of an operation that does not end. */
function ofOperation<M extends MetadataType>(
  type: M,
  fields: (index: number) => Partial<MessageMetadata<M, 'preview4'>>,
  body = '',
): (index: number) => Packet {
  return (index) => {
    const named = { operationId: OPERATION };
    if (index === 0) return inPreview4(T.FrameSubmit, OF_OPERATION, named, UNENDED);
    return inPreview4(type, OF_OPERATION, { ...named, ...fields(index) }, body);
  };
}

function ofSession<M extends MetadataType>(
  type: M,
  fields: (index: number) => Partial<MessageMetadata<M, 'preview4'>>,
  body: Uint8Array | string = '',
): (index: number) => Packet {
  return (index) => inPreview4(type, OF_SESSION, fields(index), body);
}

/** A session keeps the first, and each that is about one is about another. */
function ofObject(type: typeof T.ObjectPatch | typeof T.ObjectDelta): (index: number) => Packet {
  return (index) => {
    if (index === 0) return inPreview4(T.ObjectDeclare, OF_SESSION, declared(1));
    const fields = {
      objectId: 1n,
      deltaSequence: BigInt(index),
      metadataBytes: 0,
      deltaBytes: 1024,
      flags: 1,
    };
    return inPreview4(type, OF_SESSION, fields, KILOBYTE);
  };
}

function declared(index: number): Partial<MessageMetadata<typeof T.ObjectDeclare>> {
  return {
    objectId: BigInt(2 * index - 1),
    objectKind: 1,
    producerRole: 1,
    sessionId: SESSION,
    ownershipHint: 1,
  };
}

const far = BigInt(4_000_000_000_000);
const BODY = encodeCapabilityTokens(['control.trace_context', 'object.delta']);
const key = (index: number) => ({ cacheNamespace: 1, cacheKeyHi: 0n, cacheKeyLo: BigInt(index) });
const pressure = { scopeId: OPERATION, flags: PressureFlag.Operation };

const NEW: Readonly<Record<NewType, (index: number) => Packet>> = {
  [T.Cancel]: ofOperation(T.Cancel, () => ({}), KILOBYTE),
  [T.Abort]: ofOperation(T.Abort, () => ({}), KILOBYTE),
  [T.PriorityUpdate]: ofOperation(T.PriorityUpdate, (index) => ({ priorityDelta: index % 1000 })),
  [T.Deadline]: ofOperation(T.Deadline, (index) => ({ deadlineUnixMs: far + BigInt(index) })),
  [T.ExpireAt]: ofOperation(T.ExpireAt, (index) => ({ deadlineUnixMs: far + BigInt(index), flags: 1 })),
  [T.Supersede]: (index) =>
    inPreview4(T.Supersede, { ...OF_SESSION, frameId: index + 1 }, { oldOperationId: BigInt(index + 101) }),
  [T.BudgetUpdate]: ofOperation(T.BudgetUpdate, (index) => ({ tokenBudget: index + 1, flags: 1 })),
  [T.Progress]: ofOperation(T.Progress, (index) => ({ progressSequence: BigInt(index), percentX100: 1 })),
  [T.PartialResult]: ofOperation(T.PartialResult, (index) => ({ resultSequence: BigInt(index) }), KILOBYTE),
  [T.Backpressure]: ofOperation(T.Backpressure, () => ({ ...pressure, pressureLevel: PressureLevel.Paused })),
  [T.CreditUpdate]: ofOperation(T.CreditUpdate, (index) => ({
    ...pressure,
    creditWindow: BigInt(index % 2),
  })),
  [T.CapabilityNegotiation]: ofSession(T.CapabilityNegotiation, () => ({ capabilityCount: 2 }), BODY),
  [T.DegradeProfile]: (index) =>
    inPreview4(T.DegradeProfile, { ...OF_SESSION, frameId: index % 2 }, { capabilityCount: 2 }, BODY),
  [T.RouteHint]: ofOperation(T.RouteHint, (index) => ({ routeId: index }), KILOBYTE),
  [T.ExecutionHint]: ofOperation(T.ExecutionHint, (index) => ({ routeId: index }), KILOBYTE),
  [T.TraceContext]: ofOperation(T.TraceContext, () => ({ traceId: 1n, spanId: 1n }), KILOBYTE),
  [T.ResultDropReason]: ofOperation(T.ResultDropReason, () => ({ dropReasonCode: 1 })),
  [T.ObjectDeclare]: ofSession(T.ObjectDeclare, (index) => declared(index + 1), KILOBYTE),
  [T.ObjectRef]: ofSession(T.ObjectRef, (index) => ({ objectId: BigInt(index) }), KILOBYTE),
  [T.ObjectRelease]: ofSession(T.ObjectRelease, (index) => ({ objectId: BigInt(index) }), KILOBYTE),
  [T.ObjectPatch]: ofObject(T.ObjectPatch),
  [T.ObjectDelta]: ofObject(T.ObjectDelta),
  [T.CacheReference]: ofSession(T.CacheReference, key, KILOBYTE),
  [T.CacheMiss]: ofSession(T.CacheMiss, key, KILOBYTE),
  [T.ErrorRecoverable]: ofSession(T.ErrorRecoverable, () => ({ retryAfterMs: 1, flags: 2 }), KILOBYTE),
  [T.RetryAfter]: ofSession(T.RetryAfter, () => ({ retryAfterMs: 1 }), KILOBYTE),
};

/** As the floods of preview3, each type that came with preview4, and what that says otherwise. */
export const PREVIEW4_FLOODS: Readonly<Record<string, (index: number) => Packet>> = {
  ...Object.fromEntries(
    Object.entries(NEW).map(([type, packetOf]) => [messageTypeName(Number(type)), packetOf]),
  ),
  PING: (index) => ping(index).withHeader(OF_SESSION),
  CACHE_PUT: ofSession(
    T.CachePut,
    (index) => ({ ...key(index), objectKind: CacheObjectKind.PromptSegment, ttlMs: 60_000 }),
    KILOBYTE,
  ),
  CACHE_INVALIDATE: ofSession(T.CacheInvalidate, (index) => ({
    ...key(index),
    invalidateScope: CacheInvalidateScope.ObjectKey,
  })),
};
