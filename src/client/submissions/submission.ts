import type { Subscriber } from 'rxjs';
import type { ResultPush } from '../../protocol/operation/result';
import { FrameSubmitMetadata } from '../../wire/messages/frame-submit';
import { EMPTY } from '../../wire/packet';

/** What a client asks of a server. */
export interface SubmitRequest {
  /** The payload; a string travels as UTF-8. Default empty. */
  readonly body?: Uint8Array | string;
  /** Fields of FRAME_SUBMIT that are not 0. */
  readonly metadata?: Partial<FrameSubmitMetadata>;
}

/** A submit that somebody has subscribed to. */
export interface Submission {
  readonly metadata: Readonly<FrameSubmitMetadata>;
  readonly body: Uint8Array;
  readonly subscriber: Subscriber<ResultPush>;
  /** 0 until it is sent. */
  frameId: number;
}

const utf8 = new TextEncoder();

/** Shared by all submits that have no fields of their own, so that most need not be encoded again. */
const USUAL: Readonly<FrameSubmitMetadata> = Object.freeze(FrameSubmitMetadata.of());
const ENCODED_USUAL = FrameSubmitMetadata.encode(USUAL);

/** The metadata's bytes, not to be written to. Throws an `NnrpError` where a field has no such value. */
export function encodeSubmitMetadata(metadata: Readonly<FrameSubmitMetadata>): Uint8Array {
  return metadata === USUAL ? ENCODED_USUAL : FrameSubmitMetadata.encode(metadata);
}

export function submission(
  { body = EMPTY, metadata }: SubmitRequest,
  subscriber: Subscriber<ResultPush>,
): Submission {
  return {
    metadata: metadata === undefined ? USUAL : FrameSubmitMetadata.of(metadata),
    body: typeof body === 'string' ? utf8.encode(body) : body,
    subscriber,
    frameId: 0,
  };
}
