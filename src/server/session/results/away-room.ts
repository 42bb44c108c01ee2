import { isTerminal, type ResultPush } from '../../../protocol/operation/result';
import { HELD_RESULT_BYTES } from '../../../protocol/operation/result-outbox';
import { TextResult } from '../../../protocol/content/text-result';
import { RuntimeError } from '../../../protocol/runtime-error';
import { MAX_TEXT_BYTES } from '../../../protocol/cut-text';
import { HEADER_LENGTH } from '../../../wire/header';
import { ResultPushMetadata } from '../../../wire/messages/result-push';
import { ownLength } from '../../../wire/bytes/own-bytes';
import type { SessionCore } from '../session-core';
import { frameOf } from './outgoing';
import type { SessionOutlet } from './session-outlet';

const HEAD_BYTES = HELD_RESULT_BYTES + HEADER_LENGTH + ResultPushMetadata.length;
/** Of the last word about an operation without an answer, at most: RESULT_DROP, ERROR, or RESULT_PUSH with its text. */
const LAST_WORD_BYTES = HEAD_BYTES + MAX_TEXT_BYTES;

/**
 * Makes room for a result that is to wait for a client that is away, or ends its operation. Where there is none left,
 * the operation that has most waiting of those that run ends, as the client hears where it comes back: who
 * answers without a look at pressure pays for it, and not its neighbours. There always is room for a last word about each that
 * runs.
 */
export function makeRoomAway(session: SessionCore, result: ResultPush): void {
  const { operations, outlet } = session;
  const { frameId } = result;
  const bytes = HEAD_BYTES + (result instanceof TextResult ? result.byteLength : ownLength(result.body));
  for (;;) {
    const asking = operations.running(frameId);
    // What a client holds waits elsewhere.
    if (asking === undefined || asking.held !== undefined) return;
    const others = operations.inFlightCount + operations.queuedCount - (isTerminal(result) ? 1 : 0);
    if (outlet.hasRoom(1 + others, bytes + others * LAST_WORD_BYTES)) return;
    end(session, heaviest(session, frameId, bytes));
  }
}

function heaviest({ operations, outlet }: SessionCore, asking: number, bytes: number): number {
  const unsent = unsentBytes(outlet);
  let found = asking;
  let most = (unsent.get(asking) ?? 0) + bytes;
  for (const [frameId, weight] of unsent) {
    if (weight <= most || operations.running(frameId) === undefined) continue;
    found = frameId;
    most = weight;
  }
  return found;
}

/** Bytes that no transport was handed, by operation. */
export function unsentBytes(outlet: SessionOutlet): Map<number, number> {
  const bytes = new Map<number, number>();
  for (const { packet, byteLength } of outlet.unsent()) {
    const frameId = frameOf(packet);
    bytes.set(frameId, (bytes.get(frameId) ?? 0) + byteLength);
  }
  return bytes;
}

function end({ sessionId, operations, outlet, server }: SessionCore, frameId: number): void {
  // Before that, which may start the next operation, and that may answer at once.
  outlet.discardUnsent(frameId);
  operations.abandon(frameId);
  server.reports.failures.next(outranOutbox(sessionId, frameId));
}

function outranOutbox(sessionId: number, frameId: number): RuntimeError {
  const operation = `operation ${frameId} of session ${sessionId}`;
  const message = `${operation} has ended: of those that run it had most waiting for its client, which is away, and the outbox is full; answer with an iterable, heed submit.pressure$, or raise outbox.maxBytes`;
  return new RuntimeError('internal', message, { reach: 'operation', origin: 'application' });
}
