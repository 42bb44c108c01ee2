import { ResultClass, ResultFlag, ResultPushMetadata } from '../../wire/messages/result-push';
import { PayloadKind } from '../../wire/messages/payload-kind';
import { EMPTY } from '../../wire/packet';
import type { DropReason } from '../../wire/preview4/results';
import type { Failure } from './failure';

/** Customary for success; status codes are the application's. */
export const STATUS_OK = 200;

/** RESULT_PUSH: a part of an answer, or its end. */
export interface ResultPush {
  readonly type: 'push';
  readonly frameId: number;
  readonly metadata: Readonly<ResultPushMetadata>;
  readonly body: Uint8Array;
}

/** RESULT_DROP: there will be no answer. */
export interface ResultDrop {
  readonly type: 'drop';
  readonly frameId: number;
  /** What a client of preview4 is told, a `DropReason`; absent for nothing. */
  readonly reason?: DropReason;
}

/** There will be no answer, and why, in words for the client. */
export interface ResultFailure extends Pick<Failure, 'status' | 'text' | 'retryAfterMs'> {
  readonly type: 'failure';
  readonly frameId: number;
}

/** A server's answer to a submit, or a part of it. */
export type Result = ResultPush | ResultDrop | ResultFailure;

/** Fields of RESULT_PUSH that differ from the usual. */
export type ResultFields = Partial<ResultPushMetadata>;

export const USUAL_PARTIAL = usual({ resultFlags: ResultFlag.Partial, resultClass: ResultClass.Partial });
export const USUAL_COMPLETE = usual({});

/** One object for all results without fields of their own: what it is on the wire is known. */
function usual(fields: ResultFields): Readonly<ResultPushMetadata> {
  return Object.freeze(ResultPushMetadata.of({ statusCode: STATUS_OK, ...fields }));
}

/** A part of an answer; others follow. */
export function partialResult(frameId: number, body: Uint8Array, fields?: ResultFields): ResultPush {
  return push(frameId, body, USUAL_PARTIAL, fields);
}

/** The end of an answer, or all of it. */
export function completeResult(frameId: number, body: Uint8Array = EMPTY, fields?: ResultFields): ResultPush {
  return push(frameId, body, USUAL_COMPLETE, fields);
}

/** No answer, and why, where the client's revision says such things. */
export function dropResult(frameId: number, reason?: DropReason): ResultDrop {
  return reason === undefined ? { type: 'drop', frameId } : { type: 'drop', frameId, reason };
}

/** No answer, and why. */
export function failureResult(frameId: number, { status, text, retryAfterMs }: Failure): ResultFailure {
  return { type: 'failure', frameId, status, text, retryAfterMs };
}

/** Whether a result ends its operation: every one but a partial push (protocol section 6). */
export function isTerminal(result: Result): boolean {
  return result.type !== 'push' || result.metadata.resultClass !== ResultClass.Partial;
}

/** Parts of an answer that a result is: of texts that were sent together each is one. Both ends count alike. */
export function partCount({ metadata }: Pick<ResultPush, 'metadata'>): number {
  const { payloadKindBitmap, payloadFrameCount } = metadata;
  return payloadKindBitmap === PayloadKind.TokenChunk ? Math.max(1, payloadFrameCount) : 1;
}

function push(
  frameId: number,
  body: Uint8Array,
  usual: Readonly<ResultPushMetadata>,
  fields: ResultFields | undefined,
): ResultPush {
  const metadata = fields === undefined ? usual : ResultPushMetadata.of({ ...usual, ...fields });
  return { type: 'push', frameId, metadata, body };
}
