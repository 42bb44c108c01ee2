import { breaksRule } from '../../../wire/errors';
import { PayloadKind } from '../../../wire/messages/payload-kind';
import { summaryOf } from '../../operation/answer-summary';
import { isTerminal, type ResultPush } from '../../operation/result';
import { textStart } from '../text-result';
import { requireTypedBody, TokenDecoder, type TypedBody } from '../token-decoder';
import { typedFrames, type TypedFrame } from '../typed-body';
import type { Part } from './part';

/**
 * The parts of a submit, in order: a body that is no typed payload is a text. Throws an `NnrpError` where the body is
 * not what its record says, or a payload that has to be JSON is none.
 */
export function partsOf(typed: TypedBody): Part[] {
  const decoder = new PartDecoder();
  return [...decoder.decode(typed), ...decoder.end()];
}

/** Reads the parts of results that follow one another: a character may begin in one and end in a later one. */
export class PartDecoder {
  private readonly tokens = new TokenDecoder();

  /** As {@link partsOf}, but that the beginning of a character waits for the rest of it. */
  decode(typed: TypedBody): Part[] {
    requireTypedBody(typed);
    const { metadata, body } = typed;
    const { payloadKindBitmap: kinds, payloadFrameCount: count } = metadata;
    // As of all that are no typed payload, of what nearly every token comes as there is no frame to be told of.
    const isText = kinds === PayloadKind.TokenChunk && count === 1 && textStart(body) !== undefined;
    if (isText || (count === 0 && kinds === 0)) return this.tokens.decode(typed).flatMap(textParts);
    const parts = typedFrames(metadata, body).flatMap((frame) => this.read(frame));
    return (kinds & PayloadKind.Tensor) === 0 ? parts : [{ kind: 'tensor', metadata, body }, ...parts];
  }

  /** The parts of a result: the last one may have a summary. */
  decodeResult(result: ResultPush): Part[] {
    const parts = this.decode(result);
    return isTerminal(result) ? parts.map(summarized) : parts;
  }

  /** Nothing more comes: U+FFFD where the text has ended inside a character. */
  end(): Part[] {
    return textParts(this.tokens.end());
  }

  private read({ payloadKind, payload }: TypedFrame): Part[] {
    switch (payloadKind) {
      case PayloadKind.TokenChunk:
        return textParts(this.tokens.take(payload));
      case PayloadKind.StructuredEvent:
        return [{ kind: 'event', value: json(payload) }];
      case PayloadKind.ToolDelta:
        return [{ kind: 'tool', value: json(payload) }];
      case PayloadKind.AudioChunk:
        return [{ kind: 'audio', bytes: payload }];
      case PayloadKind.VideoChunk:
        return [{ kind: 'video', bytes: payload }];
      case PayloadKind.OpaqueBytes:
        return [{ kind: 'bytes', bytes: payload }];
      case PayloadKind.Tensor:
        // One part for all of them.
        return [];
    }
  }
}

function textParts(text: string): Part[] {
  return text === '' ? [] : [{ kind: 'text', text }];
}

function json(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return breaksRule('the payload of a structured event or a tool delta must be JSON');
  }
}

function summarized(part: Part): Part {
  const summary = part.kind === 'event' ? summaryOf(part.value) : undefined;
  return summary === undefined ? part : { kind: 'summary', ...summary };
}
