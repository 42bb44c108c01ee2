import { joinBody, splitBody } from '../../wire/body/body-region';
import { decodeTypedPayload, DescriptorFlag, encodeTypedPayload } from '../../wire/body/typed-payload';
import { PayloadKind, Profile } from '../../wire/messages/payload-kind';
import { StreamSemantics } from '../../wire/messages/schema-descriptor';
import { ours } from '../../wire/own-bytes';
import type { ResultFields } from './result';
import { WholeCharacters } from './whole-characters';
import { TOKEN_DELTA_SCHEMA_ID, TOKEN_DELTA_SCHEMA_VERSION } from '../capability/schema-registry';

/** The standard schema of streamed text (protocol section 6). */
export const TOKEN_DELTA = {
  schemaId: TOKEN_DELTA_SCHEMA_ID,
  schemaVersion: TOKEN_DELTA_SCHEMA_VERSION,
} as const;

const utf8 = new TextEncoder();

/** A body of token deltas, and the fields of the record that declares it. */
export interface TokenPayload {
  readonly body: Uint8Array;
  readonly fields: Pick<
    Required<ResultFields>,
    'activeProfileId' | 'payloadKindBitmap' | 'payloadFrameCount'
  >;
}

/**
 * Text as a TOKEN_CHUNK payload of the token delta schema, one frame a text. A character whose halves are in two
 * texts is sent whole, with the second; half a character is U+FFFD.
 *
 * @example
 * const { body, fields } = encodeTokens([' whale']);
 * session.results.next(submit.partial(body, fields));
 */
export function encodeTokens(texts: readonly string[]): TokenPayload {
  const parts = wholeTexts(texts).map((text) => ({
    profileId: Profile.Token,
    descriptorFlags: DescriptorFlag.Partial,
    ...TOKEN_DELTA,
    streamSemantics: StreamSemantics.Append,
    payload: utf8.encode(text),
  }));
  return {
    body: ours(joinBody(encodeTypedPayload(PayloadKind.TokenChunk, parts))),
    fields: {
      activeProfileId: Profile.Token,
      payloadKindBitmap: PayloadKind.TokenChunk,
      payloadFrameCount: texts.length,
    },
  };
}

/** A payload and what its record says of it, as a result or a submit carries them. */
export interface TypedBody {
  readonly metadata: { readonly payloadKindBitmap: number; readonly payloadFrameCount: number };
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
  const decoder = new TokenDecoder();
  const texts = decoder.decode(typed);
  const rest = decoder.end();
  if (rest !== '') texts.push((texts.pop() ?? '') + rest);
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
  // A text that starts with U+FEFF means it.
  private readonly utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  /** As {@link decodeTokens}, but that the beginning of a character waits for the rest of it. */
  decode({ metadata, body }: TypedBody): string[] {
    if (metadata.payloadKindBitmap === 0 && metadata.payloadFrameCount === 0) {
      return body.length === 0 ? [] : [this.utf8.decode(body, { stream: true })];
    }
    if (metadata.payloadFrameCount === 0) return [];
    const { typedPayloadDescriptors, typedPayloadFrames } = splitBody(body);
    const frames = decodeTypedPayload(metadata, typedPayloadDescriptors, typedPayloadFrames);
    return frames.map(({ payload }) => this.utf8.decode(payload, { stream: true }));
  }

  /** Nothing more comes: U+FFFD where the text has ended inside a character, else empty. */
  end(): string {
    return this.utf8.decode();
  }
}

/** A text with half a character at its end leaves that to the next one. */
function wholeTexts(texts: readonly string[]): readonly string[] {
  if (texts.length < 2) return texts;
  const characters = new WholeCharacters();
  const whole = texts.map((text) => characters.take(text));
  whole.push((whole.pop() ?? '') + characters.rest());
  return whole;
}
