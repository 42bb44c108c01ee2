import type { Observer } from 'rxjs';
import type { ResultPush } from '../../protocol/operation/result';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import { FrameSubmitMetadata } from '../../wire/messages/frame-submit';
import type { SessionOpenAckMetadata } from '../../wire/messages/session-open';
import { ours, ownBytes } from '../../wire/bytes/own-bytes';
import { EMPTY } from '../../wire/packet';
import { requireBytes } from '../../wire/bytes/require-bytes';
import { reasonOf } from '../abort';
import { OperationError } from '../errors';
import { termsOf, type OperationTerms, type PossibleTerms } from './operation-terms';
import type { CallListener, ReceivedCall } from './tools/tool-calls';

/** What a client asks of a server. */
export interface SubmitRequest extends OperationTerms {
  /**
   * The payload; a string travels as UTF-8. Default empty. Bytes are read when the submit is subscribed to, and
   * are the caller's again from then on, unless they were given away (`give`).
   */
  readonly body?: Uint8Array | string;
  /** Fields of FRAME_SUBMIT that are not 0. Default none. */
  readonly metadata?: Partial<FrameSubmitMetadata>;
  /**
   * Cancels: aborted before the submit it is never sent, later FRAME_CANCEL is. What is still to come ends with an
   * `OperationError`, `cancelled`, whose `cause` is the signal's reason. Default none.
   */
  readonly signal?: AbortSignal;
  /** The header's trace_id, 64 bits that are the application's. Default 0: none. */
  readonly traceId?: bigint;
}

/** Who is given the results of a submit. */
export interface SubmitObserver extends Observer<ResultPush> {
  /** It was sent: until then it has waited. */
  sent?(): void;
}

/** What a server has granted last, as far as submits go by it. */
export interface SubmitGrant {
  readonly ack: SessionOpenAckMetadata;
  /** What it has not received is sent again over another connection. */
  readonly isResumable: boolean;
  /** So that it is sent in the place of this session as well, where that is resumable and wanted. */
  readonly reopens: boolean;
  /** It counts results and operations as this library does. */
  readonly isCounted: boolean;
}

/** A submit that somebody has subscribed to, or pulls. */
export interface Submission {
  readonly metadata: Readonly<FrameSubmitMetadata>;
  /** The metadata's bytes, not to be written to: what waits is ready to be sent. */
  readonly metadataBytes: Uint8Array;
  /** The caller's, until `keepBody`. */
  body: Uint8Array;
  readonly subscriber: SubmitObserver;
  readonly signal: AbortSignal | undefined;
  readonly traceId: bigint;
  terms: OperationTerms | undefined;
  /** What of them was said since it was sent, or is to be once there is a connection. */
  updates: PossibleTerms | undefined;
  /** When to try again, in milliseconds, where the server has said so before its end. */
  retryAfterMs: number | undefined;
  /** Who hears of calls of tools. */
  readonly listener: CallListener | undefined;
  /** Calls of tools that are not answered; made with the first. */
  calls: Set<ReceivedCall> | undefined;
  /** Whether it takes credit while it is in flight. */
  isCounted: boolean;
  /** 0 until it is sent. */
  frameId: number;
  /** Parts of its answer that have come; Infinity where another client had those before. */
  parts: number;
  /** Whether it was sent with the id that a submit of preview4 has. */
  hasId: boolean;
  /** Whether it is at least as much as all that was sent before it over the link that it was sent over last. */
  outweighs: boolean;
}

const utf8 = new TextEncoder();

/** Shared by all submits that have no fields of their own, so that most need not be encoded again. */
const USUAL: Readonly<FrameSubmitMetadata> = Object.freeze(FrameSubmitMetadata.of());
const USUAL_BYTES = FrameSubmitMetadata.encode(USUAL);

/**
 * What a subscriber asks for, ready to be sent. Throws an `NnrpError` where a field has no such value, a
 * `TypeError` where the body is neither bytes nor a string.
 */
export function submission(
  request: SubmitRequest,
  subscriber: SubmitObserver,
  listener?: CallListener,
): Submission {
  const { body = EMPTY, metadata: fields, signal, trace, traceId = trace?.traceId ?? 0n } = request;
  const metadata = fields === undefined ? USUAL : FrameSubmitMetadata.of(fields);
  return {
    metadata,
    metadataBytes: metadata === USUAL ? USUAL_BYTES : FrameSubmitMetadata.encode(metadata),
    body: typeof body === 'string' ? ours(utf8.encode(body)) : requireBytes(body, 'the body of a submit'),
    subscriber,
    signal,
    traceId,
    terms: termsOf(request),
    updates: undefined,
    retryAfterMs: undefined,
    listener,
    calls: undefined,
    isCounted: true,
    frameId: 0,
    parts: 0,
    hasId: false,
    outweighs: false,
  };
}

/** The submit has to wait, or may have to be sent again: its body must not change meanwhile. */
export function keepBody(submission: Submission): void {
  submission.body = ownBytes(submission.body);
}

/** Whether a submit means the same in another session: it names no operation of this one, and has called no tool. */
export function isOfItsOwn({ metadata, isCounted }: Submission): boolean {
  return isCounted && metadata.dependencyFrameId === 0 && metadata.retryOfFrame === 0;
}

/** What a submit ends with whose signal has aborted. */
export function cancelledBy(signal: AbortSignal, sessionId: number, frameId: number): OperationError {
  const cause = reasonOf(signal);
  return new OperationError('cancelled', sessionId, frameId, { detail: describeError(cause), cause });
}

/** What a submit ends with for which its session has no frame id left. */
export function frameIdOverflow(sessionId: number): RuntimeError {
  return new RuntimeError(
    'frame-id-overflow',
    `session ${sessionId} has used all of its frame ids; open another`,
    { reach: 'session', origin: 'local' },
  );
}
