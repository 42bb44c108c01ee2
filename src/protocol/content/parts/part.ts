import type { FrameSubmitMetadata } from '../../../wire/messages/frame-submit';
import type { AnswerSummary } from '../../operation/answer-summary';
import type { TypedBody } from '../token-decoder';

/**
 * A part of an answer or of a question, whatever payload it travels as:
 *
 * - `text`: a text, in whole characters
 * - `event`: a structured event, a value that JSON has
 * - `tool`: a tool delta of the application's own, likewise; calls of `submit.tool` are on `tools$`
 * - `audio`, `video`, `bytes`: a chunk of each, or bytes that are the application's; of what was received, a view
 * - `tensor`: what `encodeTensor` makes and `decodeTensor` reads
 * - `summary`: what there is to say of a whole answer, in its last result
 */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | EventPart
  | { readonly kind: 'tool'; readonly value: unknown }
  | { readonly kind: 'audio' | 'video' | 'bytes'; readonly bytes: Uint8Array }
  | TensorPart
  | ({ readonly kind: 'summary' } & AnswerSummary);

/** A structured event: a value that JSON has, as the other end gives it until it is checked. */
export interface EventPart<Value = unknown> {
  readonly kind: 'event';
  readonly value: Value;
}

/** A tensor as it travels. */
export interface TensorPart extends TypedBody {
  readonly kind: 'tensor';
  /** What its record says of it; in a part of preview4 there is none that does. */
  readonly metadata: TypedBody['metadata'] &
    Partial<
      Pick<
        FrameSubmitMetadata,
        'sectionCount' | 'tileCount' | 'tileBaseId' | 'tileIndexBytes' | 'tileIndexMode' | 'objectRefMask'
      >
    > & { readonly coveredTileCount?: number };
}
