import { describeValue } from '../describe-value';
import { PayloadKind } from '../../wire/messages/payload-kind';
import { readShortAscii } from '../../wire/bytes/utf8';
import { requireBytes } from '../../wire/bytes/require-bytes';
import { textStart } from './text-result';
import { typedFrames } from './typed-body';

/** A payload and what its record says of it, as a result or a submit carries them. */
export interface TypedBody {
  readonly metadata: {
    readonly payloadKindBitmap: number;
    readonly payloadFrameCount: number;
    /** Of a submit. */
    readonly objectRefMask?: number;
  };
  readonly body: Uint8Array;
}

/**
 * The texts of a result or a submit, in order: those of a TOKEN_CHUNK payload, or its body as UTF-8 where that is
 * no typed payload. What is no UTF-8 is U+FFFD, and so is a character that the body ends inside of; where the next
 * result may go on with it, use a {@link TokenDecoder} or the operator `decodeText`. Throws an `NnrpError` where
 * the body is not what the record says.
 *
 * @example
 * session.submit({ body }).subscribe((result) => process.stdout.write(decodeTokens(result).join('')));
 */
export function decodeTokens(typed: TypedBody): string[] {
  let texts: string[] = [];
  try {
    texts = SHARED.decode(typed);
  } finally {
    const rest = SHARED.end();
    if (rest !== '') texts.push((texts.pop() ?? '') + rest);
  }
  return texts;
}

/**
 * Reads the texts of results that follow one another: a character may begin in one and end in a later one.
 *
 * @example
 * const decoder = new TokenDecoder();
 * for (const result of results) write(decoder.decode(result).join(''));
 * write(decoder.end());
 */
export class TokenDecoder {
  private utf8: TextDecoder | undefined;
  /** Whether the bytes so far may end inside a character. */
  private mayBeInside = false;

  /** As {@link decodeTokens}, but that the beginning of a character waits for the rest of it. */
  decode(typed: TypedBody): string[] {
    requireTypedBody(typed);
    const { metadata, body } = typed;
    const { payloadKindBitmap, payloadFrameCount, objectRefMask = 0 } = metadata;
    if (payloadKindBitmap === 0 && payloadFrameCount === 0) {
      // What refers to cached objects is no text, though it has no payload.
      return body.length === 0 || objectRefMask !== 0 ? [] : [this.text(body, 0)];
    }
    // Events and the like are no text.
    if (payloadFrameCount === 0 || (payloadKindBitmap & PayloadKind.TokenChunk) === 0) return [];
    if (payloadKindBitmap === PayloadKind.TokenChunk && payloadFrameCount === 1) {
      // What nearly every token comes as needs no look at its regions one by one.
      const start = textStart(body);
      if (start !== undefined) return [this.text(body, start)];
    }
    return textsOf(typed).map((payload) => this.text(payload, 0));
  }

  /** A text by itself, whatever it came in. Throws a `TypeError` for what is no bytes. */
  take(bytes: Uint8Array): string {
    return this.text(requireBytes(bytes, 'what a TokenDecoder takes'), 0);
  }

  /** Nothing more comes: U+FFFD where the text has ended inside a character, else empty. */
  end(): string {
    if (!this.mayBeInside) return '';
    this.mayBeInside = false;
    return this.utf8?.decode() ?? '';
  }

  private text(bytes: Uint8Array, start: number): string {
    if (!this.mayBeInside) {
      const ascii = readShortAscii(bytes, start, bytes.length);
      if (ascii !== undefined) return ascii;
    }
    // A text that starts with U+FEFF means it.
    this.utf8 ??= new TextDecoder('utf-8', { ignoreBOM: true });
    const last = bytes[bytes.length - 1];
    if (start < bytes.length && last !== undefined) this.mayBeInside = last >= 0x80;
    return this.utf8.decode(bytes.subarray(start), { stream: true });
  }
}

/** Of several kinds, those that are text. */
function textsOf({ metadata, body }: TypedBody): Uint8Array[] {
  return typedFrames(metadata, body)
    .filter(({ payloadKind }) => payloadKind === PayloadKind.TokenChunk)
    .map(({ payload }) => payload);
}

/** Throws a `TypeError` where a value is neither a result nor a submit. */
export function requireTypedBody(typed: TypedBody): void {
  const given: unknown = typed;
  const { metadata, body } = (typeof given === 'object' && given !== null ? given : {}) as Partial<TypedBody>;
  if (typeof metadata === 'object' && metadata !== null && body instanceof Uint8Array) return;
  throw new TypeError(`what is decoded must be a result or a submit, got ${describeValue(given)}`);
}

/** It is between results whenever it is not in use. */
const SHARED = new TokenDecoder();
