import { joinBody } from '../../wire/body/body-region';
import { DescriptorFlag, encodeTypedPayload } from '../../wire/body/typed-payload';
import { PayloadKind, Profile } from '../../wire/messages/payload-kind';
import { StreamSemantics } from '../../wire/messages/schema-descriptor';
import { ours } from '../../wire/bytes/own-bytes';
import { listOf, rule } from '../options/rules';
import { takeValue } from '../options/take-options';
import type { ResultFields } from '../operation/result';
import { WholeCharacters } from './whole-characters';
import { TOKEN_DELTA_SCHEMA_ID, TOKEN_DELTA_SCHEMA_VERSION } from '../capability/schema-registry';

/** The standard schema of streamed text (protocol section 6). */
export const TOKEN_DELTA = {
  schemaId: TOKEN_DELTA_SCHEMA_ID,
  schemaVersion: TOKEN_DELTA_SCHEMA_VERSION,
} as const;

const utf8 = new TextEncoder();
const TEXTS = listOf(rule<string>('a string', (value) => typeof value === 'string'));

/**
 * Text as a TOKEN_CHUNK payload of the token delta schema, one frame a text. A character whose halves are in two
 * texts is sent whole, with the second; half a character is U+FFFD. Gives the body, and the fields of the record
 * that declares it.
 *
 * @example
 * const { body, fields } = encodeTokens([' whale']);
 * session.results.next(submit.partial(body, fields));
 */
export function encodeTokens(texts: readonly string[]): {
  readonly body: Uint8Array;
  readonly fields: Pick<
    Required<ResultFields>,
    'activeProfileId' | 'payloadKindBitmap' | 'payloadFrameCount'
  >;
} {
  const parts = wholeTexts(takeValue(texts, 'the texts of encodeTokens', TEXTS)).map((text) => ({
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

/** A text with half a character at its end leaves that to the next one. */
function wholeTexts(texts: readonly string[]): readonly string[] {
  if (texts.length < 2) return texts;
  const characters = new WholeCharacters();
  const whole = texts.map((text) => characters.take(text));
  whole.push((whole.pop() ?? '') + characters.rest());
  return whole;
}
