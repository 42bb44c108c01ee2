import { ResultClass, ResultFlag, ResultPushMetadata } from '../../wire/messages/result-push';
import { EMPTY } from '../../wire/packet';

/** Customary for success; status codes are the application's. */
export const STATUS_OK = 200;

/** RESULT_PUSH: a part of an answer, or its end. */
export interface ResultPush {
  readonly type: 'push';
  readonly frameId: number;
  readonly metadata: ResultPushMetadata;
  readonly body: Uint8Array;
}

/** RESULT_DROP: there will be no answer. */
export interface ResultDrop {
  readonly type: 'drop';
  readonly frameId: number;
}

/** What a server sends for a submit. */
export type Result = ResultPush | ResultDrop;

/** Fields of RESULT_PUSH that differ from the usual. */
export type ResultFields = Partial<ResultPushMetadata>;

/** A part of an answer; others follow. */
export function partialResult(frameId: number, body: Uint8Array, fields?: ResultFields): ResultPush {
  return push(frameId, body, {
    statusCode: STATUS_OK,
    resultFlags: ResultFlag.Partial,
    resultClass: ResultClass.Partial,
    ...fields,
  });
}

/** The end of an answer, or all of it. */
export function completeResult(frameId: number, body: Uint8Array = EMPTY, fields?: ResultFields): ResultPush {
  return push(frameId, body, { statusCode: STATUS_OK, ...fields });
}

/** No answer. */
export function dropResult(frameId: number): ResultDrop {
  return { type: 'drop', frameId };
}

/** Whether a result ends its operation: every one but a partial push (protocol section 6). */
export function isTerminal(result: Result): boolean {
  return result.type === 'drop' || result.metadata.resultClass !== ResultClass.Partial;
}

function push(frameId: number, body: Uint8Array, fields: ResultFields): ResultPush {
  return { type: 'push', frameId, metadata: ResultPushMetadata.of(fields), body };
}
