import { joinBody, splitBody } from '../../wire/body/body-region';
import { decodeTypedPayload, DescriptorFlag, encodeTypedPayload } from '../../wire/body/typed-payload';
import { PayloadKind, Profile } from '../../wire/messages/payload-kind';
import { StreamSemantics } from '../../wire/messages/schema-descriptor';
import type { ResultFields } from './result';
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
 * Text as a TOKEN_CHUNK payload of the token delta schema, one frame a text.
 *
 * @example
 * const { body, fields } = encodeTokens([' whale']);
 * session.results.next(submit.partial(body, fields));
 */
export function encodeTokens(texts: readonly string[]): TokenPayload {
  const parts = texts.map((text) => ({
    profileId: Profile.Token,
    descriptorFlags: DescriptorFlag.Partial,
    ...TOKEN_DELTA,
    streamSemantics: StreamSemantics.Append,
    payload: utf8.encode(text),
  }));
  return {
    body: joinBody(encodeTypedPayload(PayloadKind.TokenChunk, parts)),
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
 * The texts of a TOKEN_CHUNK payload, in order; none where the record declares no frames. Throws an
 * `NnrpError` where the body is not what the record says.
 *
 * @example
 * session.submit({ body }).subscribe((result) => process.stdout.write(decodeTokens(result).join('')));
 */
export function decodeTokens({ metadata, body }: TypedBody): string[] {
  if (metadata.payloadFrameCount === 0) return [];
  const { typedPayloadDescriptors, typedPayloadFrames } = splitBody(body);
  const frames = decodeTypedPayload(metadata, typedPayloadDescriptors, typedPayloadFrames);
  // A decoder of its own for each call: a token may end inside a character only within one payload.
  // A token that starts with U+FEFF means it.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return frames.map(({ payload }) => decoder.decode(payload, { stream: true }));
}
