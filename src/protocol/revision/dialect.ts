import type { WireRecord } from '../../wire/codec/record';
import { FrameSubmitMetadata } from '../../wire/messages/frame-submit';
import { preview4 } from '../../wire/preview4';
import { FrameSubmitMetadata as Preview4SubmitMetadata } from '../../wire/preview4/frame-submit';
import type { Revision } from '../../wire/revision';
import { PREVIEW3_ANSWERS, PREVIEW4_ANSWERS, type AnswerEncoder } from './answers';
import { PREVIEW3_CACHE, PREVIEW4_CACHE, type CacheDialect } from './cache-dialect';

/** Reads and says what differs from one revision to the other: all that a session need know of it. */
export interface Dialect {
  readonly submit: WireRecord<FrameSubmitMetadata>;
  readonly answers: AnswerEncoder;
  readonly cache: CacheDialect;
  /** Whether operations have names, and their clients may say more of them than to cancel. */
  readonly hasControls: boolean;
}

const PREVIEW3: Dialect = {
  submit: FrameSubmitMetadata,
  answers: PREVIEW3_ANSWERS,
  cache: PREVIEW3_CACHE,
  hasControls: false,
};

const PREVIEW4: Dialect = {
  // It has all of the fields, and the operation's id.
  submit: Preview4SubmitMetadata,
  answers: PREVIEW4_ANSWERS,
  cache: PREVIEW4_CACHE,
  hasControls: true,
};

export function dialectOf(revision: Revision): Dialect {
  return revision === preview4 ? PREVIEW4 : PREVIEW3;
}
