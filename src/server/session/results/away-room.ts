import { isTerminal, type ResultPush } from '../../../protocol/operation/result';
import { HELD_RESULT_BYTES } from '../../../protocol/operation/result-outbox';
import { TextResult } from '../../../protocol/operation/text-result';
import { RuntimeError } from '../../../protocol/runtime-error';
import { MAX_DIAGNOSTIC_BYTES } from '../../error-packet';
import { HEADER_LENGTH } from '../../../wire/header';
import { ResultPushMetadata } from '../../../wire/messages/result-push';
import { ownLength } from '../../../wire/own-bytes';

/** The session whose client is away. */
export interface AwaySession {
  readonly sessionId: number;
  readonly host: { failed(error: RuntimeError): void };
  readonly operations: {
    readonly inFlightCount: number;
    readonly queuedCount: number;
    /** The submit of an operation that is with the application. */
    running(frameId: number): { readonly held: object | undefined } | undefined;
    /** Ends it, if it has not ended; its client is told. */
    abandon(frameId: number): void;
  };
  readonly outlet: {
    /** Whether so many results more, of so many bytes in all, can be kept. */
    hasRoom(results: number, bytes: number): boolean;
    /** Bytes of results that no transport was handed, by operation. */
    unsentBytes(): Map<number, number>;
    /** Forgets what no transport was handed of an operation. */
    discardUnsent(frameId: number): void;
  };
}

const HEAD_BYTES = HELD_RESULT_BYTES + HEADER_LENGTH + ResultPushMetadata.length;
/** Of the last word about an operation without an answer, at most: RESULT_DROP, ERROR, or RESULT_PUSH with its text. */
const LAST_WORD_BYTES = HEAD_BYTES + MAX_DIAGNOSTIC_BYTES;

/**
 * The room for results that wait for a client that is away. Where there is none left, the operation that has
 * most waiting of those that run ends, as the client hears where it comes back: who answers without
 * a look at pressure pays for it, and not its neighbours. There always is room for a last word about each that runs.
 */
export class AwayRoom {
  constructor(private readonly session: AwaySession) {}

  /** Makes room for a result, or ends its operation. */
  make(result: ResultPush): void {
    const { operations, outlet } = this.session;
    const { frameId } = result;
    const bytes = HEAD_BYTES + (result instanceof TextResult ? result.byteLength : ownLength(result.body));
    for (;;) {
      const asking = operations.running(frameId);
      // What a client holds waits elsewhere.
      if (asking === undefined || asking.held !== undefined) return;
      const others = operations.inFlightCount + operations.queuedCount - (isTerminal(result) ? 1 : 0);
      if (outlet.hasRoom(1 + others, bytes + others * LAST_WORD_BYTES)) return;
      this.end(this.heaviest(frameId, bytes));
    }
  }

  private heaviest(asking: number, bytes: number): number {
    const { operations, outlet } = this.session;
    const unsent = outlet.unsentBytes();
    let heaviest = asking;
    let most = (unsent.get(asking) ?? 0) + bytes;
    for (const [frameId, weight] of unsent) {
      if (weight <= most || operations.running(frameId) === undefined) continue;
      heaviest = frameId;
      most = weight;
    }
    return heaviest;
  }

  private end(frameId: number): void {
    const { sessionId, operations, outlet, host } = this.session;
    // Before that, which may start the next operation, and that may answer at once.
    outlet.discardUnsent(frameId);
    operations.abandon(frameId);
    host.failed(outranOutbox(sessionId, frameId));
  }
}

function outranOutbox(sessionId: number, frameId: number): RuntimeError {
  const operation = `operation ${frameId} of session ${sessionId}`;
  const message = `${operation} has ended: of those that run it had most waiting for its client, which is away, and the outbox is full; answer with an iterable, heed submit.pressure$, or raise outbox.maxBytes`;
  return new RuntimeError('internal', message, { reach: 'operation', origin: 'application' });
}
