import { ConnectedSession } from '../../src/client/session/connected-session';
import { HELD_RESULT_BYTES } from '../../src/protocol/operation/result-outbox';
import type { ClientSession } from '../../src/client/session/session';
import { PulledResults } from '../../src/client/submissions/results/result-stream';
import type { Result, ResultPush } from '../../src/protocol/operation/result';
import { bodyBytes } from '../../src/protocol/operation/result-packet';
import { acceptsOperations } from '../../src/protocol/session/session-lifecycle';
import type { ServedSession } from '../../src/server/session/served-session';
import type { ServerSession } from '../../src/server/session/session';
import type { SessionCore } from '../../src/server/session/session-core';
import type { ObjectTable } from '../../src/objects/object-table';
import type { MessageType } from '../../src/wire/message-type';
import { packet } from '../../src/wire/packet';
import { HEADER_LENGTH } from '../../src/wire/header';
import { ResultPushMetadata } from '../../src/wire/messages/result-push';

/** What a result that waits counts besides its body. */
const RESULT_HEAD = HEADER_LENGTH + ResultPushMetadata.length;

/**
 * What a session holds, added up from what is there and not from the counters that it keeps. Private
 * fields are read by name: the compiler checks that they exist.
 */
export interface ServerInnards {
  readonly maxInFlight: number;
  readonly inFlight: number;
  /** Slots of operations that are over, whose handlers go on. */
  readonly kept: number;
  readonly queued: number;
  readonly queuedBytes: number;
  readonly countedQueuedBytes: number;
  readonly queueLimits: { readonly maxSubmits: number; readonly maxBytes: number };
  /** Operations that are registered and have not ended. */
  readonly registered: number;
  readonly results: number;
  readonly resultBytes: number;
  readonly countedResultBytes: number;
  readonly outboxLimits: { readonly maxResults: number; readonly maxBytes: number } | undefined;
  readonly cacheObjects: number;
  readonly cacheBytes: number;
  readonly countedCacheBytes: number;
  readonly held: HeldBytes;
}

/** Bytes of results that wait because their client holds the operation. */
export interface HeldBytes {
  readonly bytes: number;
  readonly countedBytes: number;
  /** Of one operation, and what that may have. */
  readonly largest: number;
  readonly most: number;
  /** Of all sessions of the server, as they are counted. */
  readonly countedInAll: number;
}

export function serverInnards(session: ServerSession): ServerInnards {
  const core = coreOf(session);
  const admission = core.operations['admission'];
  const outbox = core.outlet['outbox'];
  const cache = core.madeStores?.['madeCache']?.['cache'];
  let queuedBytes = 0;
  for (const { body } of admission['queue']?.values() ?? []) queuedBytes += body.length;
  let results = 0;
  let resultBytes = 0;
  for (const { byteLength } of outbox?.['entries'].slice(outbox['head']) ?? []) {
    results += 1;
    resultBytes += byteLength;
  }
  let cacheObjects = 0;
  let cacheBytes = 0;
  for (const { bytes } of cache?.objects() ?? []) {
    cacheObjects += 1;
    cacheBytes += bytes.length;
  }
  return {
    maxInFlight: admission['maxInFlight'],
    inFlight: admission.inFlightCount,
    kept: admission.keptCount,
    queued: admission.queuedCount,
    queuedBytes,
    countedQueuedBytes: admission['queuedBytes'],
    queueLimits: admission['limits'],
    registered: core.operations['registry'].size,
    results,
    resultBytes,
    countedResultBytes: outbox?.byteLength ?? 0,
    outboxLimits: outbox?.['limits'],
    cacheObjects,
    cacheBytes,
    countedCacheBytes: cache?.byteLength ?? 0,
    held: heldBytes(session),
  };
}

/** The frames of operations that wait for a slot. */
export function waitingFrames(session: ServerSession): readonly number[] {
  return [...(coreOf(session).operations.admission['queue']?.keys() ?? [])];
}

/** Says something of a session to whoever is at the other end, as another implementation would. */
export function sayToClient(
  session: ServerSession,
  messageType: MessageType,
  frameId: number,
  metadata: Uint8Array,
): void {
  const { outlet, sessionId } = coreOf(session);
  outlet.send(packet({ messageType, sessionId, frameId }, metadata));
}

export function sayToServer(
  session: ClientSession,
  messageType: MessageType,
  frameId: number,
  metadata: Uint8Array,
): void {
  if (!(session instanceof ConnectedSession)) throw new TypeError('not a session of this client');
  session.carrier.send(messageType, frameId, metadata);
}

/** Whether a server knows that its client speaks preview4. */
export function speaksPreview4(session: ServerSession): boolean {
  const core = coreOf(session);
  return core.names !== undefined && core.outlet.current?.isAnnounced === true;
}

/** What an end has of objects, whether or not it has ever had any. */
export function serverObjects(session: ServerSession): ObjectTable | undefined {
  return coreOf(session).madeStores?.['madeObjects'];
}

export function clientObjects({ objects }: ClientSession): ObjectTable | undefined {
  return objects as ObjectTable | undefined;
}

/** A text becomes bytes where somebody asks for its body, and is another result from then on. */
function payloadOf(result: Result): number {
  if (result.type === 'drop') return 0;
  return result.type === 'push' ? bodyBytes(result) : result.text.length;
}

function heldBytes(session: ServerSession): HeldBytes {
  const { operations, server } = coreOf(session);
  const each = [...operations['registry'].operations()].map(({ held }) => {
    let bytes = 0;
    for (const { result } of held?.['waiting'].slice(held['first']) ?? []) {
      bytes += RESULT_HEAD + payloadOf(result);
    }
    return bytes;
  });
  return {
    bytes: each.reduce((sum, bytes) => sum + bytes, 0),
    countedBytes: operations.heldBytes,
    largest: Math.max(0, ...each),
    most: server.settings.limits.maxHeldBytes,
    countedInAll: server.held['bytes'],
  };
}

/** What waits for who pulls an answer, and whether more may come. */
export function waitingFor(pulled: AsyncIterator<ResultPush> | undefined): {
  readonly bytes: number;
  readonly mayGrow: boolean;
} {
  if (!(pulled instanceof PulledResults)) return { bytes: 0, mayGrow: false };
  const queue = pulled['queue'];
  let bytes = 0;
  for (const result of queue['results'].slice(queue['head']))
    bytes += RESULT_HEAD + (result?.body.length ?? 0);
  return { bytes, mayGrow: queue['end'] === undefined };
}

/**
 * Whether a client that has `received` results lacks no more than the outbox has room for: then all of it
 * must be there. `sent` are the results that ever went out, in their order.
 */
export function couldGoOn(session: ServerSession, sent: readonly Uint8Array[], received: number): boolean {
  const outbox = coreOf(session).outlet['outbox'];
  if (outbox === undefined || received > outbox.lastNumber) return false;
  const { maxResults, maxBytes } = outbox['limits'];
  const waiting = outbox['entries'].slice(outbox['entries'].length - (outbox.lastNumber - sent.length));
  let bytes = 0;
  for (const result of sent.slice(received)) bytes += HELD_RESULT_BYTES + result.length;
  for (const { byteLength } of waiting) bytes += byteLength;
  return outbox.lastNumber - received <= maxResults && bytes <= maxBytes;
}

/** All of a server session that a packet of another connection must not change. */
export function serverDigest(session: ServerSession): string {
  const core = coreOf(session);
  const { operations, outlet, state } = core;
  const outbox = outlet['outbox'];
  const ids = operations
    .all()
    .map(({ frameId, state: operationState }) => `${frameId}:${operationState}`)
    .join(' ');
  return [
    state,
    ids,
    operations.lastOperationId,
    operations.inFlightCount,
    operations.queuedCount,
    outbox?.size,
    outbox?.lastReleasedNumber,
    core.madeStores?.cacheObjectCount ?? 0,
    core['isUnconfirmed'],
    core.holdEpoch?.latest,
    objectsDigest(serverObjects(session)),
  ].join(' | ');
}

function objectsDigest(table: ObjectTable | undefined): string {
  const each = table?.all.map(
    ({ objectId, owner, sequence, referenceCount }) => `${objectId}:${owner}:${sequence}:${referenceCount}`,
  );
  return (each ?? []).join(' ');
}

/** All of a client's session that a packet of another connection must not change. */
export function clientDigest(session: ClientSession): string {
  const { state, receivedResults, submissions } = connected(session);
  return [
    state,
    receivedResults,
    submissions.inFlight.ids().join(' '),
    submissions.lastFrameId,
    objectsDigest(clientObjects(session)),
  ].join(' | ');
}

/** Whether a client's session is to end: its client has asked for that, or heard of it. */
export function isClosingForClient(session: ClientSession): boolean {
  const { state, isClosing } = connected(session);
  return isClosing || !acceptsOperations(state);
}

/** Whether a client's session is to be opened anew, because its server has it no more. */
export function isForgottenByServer(session: ClientSession): boolean {
  const { link, isKept, reopens } = connected(session);
  return link === undefined && !isKept && reopens;
}

/** Who still listens to a server session's streams. */
export function observedStreams(session: ServerSession): readonly string[] {
  const core = coreOf(session);
  const { messages, submits, cancels, patches, migrations, closes } = core.streams;
  const listeners = { messages, submits, cancels, patches, migrations, closes };
  const names = Object.entries(listeners).flatMap(([name, listener]) =>
    listener === undefined ? [] : [name],
  );
  return core.connectivity.isWatched ? [...names, 'state'] : names;
}

function connected(session: ClientSession) {
  if (!(session instanceof ConnectedSession)) throw new TypeError('not a session of this client');
  return {
    state: session.state,
    isClosing: session.isClosing,
    link: session.link,
    isKept: session.isKept,
    reopens: session.reopens,
    receivedResults: session['messages'].results.received,
    submissions: session['submissions'],
  };
}

function coreOf(session: ServerSession): SessionCore {
  return (session as ServedSession)['core'];
}
