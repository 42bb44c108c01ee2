import { describeValue } from '../describe-value';
import { joinBody } from '../../wire/body/body-region';
import { DescriptorFlag, encodeTypedPayload } from '../../wire/body/typed-payload';
import { PayloadKind, Profile } from '../../wire/messages/payload-kind';
import { StreamSemantics } from '../../wire/messages/schema-descriptor';
import { ours } from '../../wire/bytes/own-bytes';
import type { ResultFields } from '../operation/result';
import type { TypedBody } from './token-decoder';
import { typedPayloads } from './typed-body';

/** A value as the JSON of a typed payload, and the fields of the record that declares it. */
export interface JsonBody {
  readonly body: Uint8Array;
  readonly fields: Pick<Required<ResultFields>, 'payloadKindBitmap' | 'payloadFrameCount'>;
}

/** The kinds whose payloads are JSON. */
export type JsonKind = typeof PayloadKind.StructuredEvent | typeof PayloadKind.ToolDelta;

const utf8 = new TextEncoder();

/** As a typed payload of one kind. */
export function jsonBody(payloadKind: JsonKind, json: string): JsonBody {
  const event = {
    profileId: Profile.Unspecified,
    descriptorFlags: DescriptorFlag.Terminal,
    schemaId: 0,
    schemaVersion: 0,
    streamSemantics:
      payloadKind === PayloadKind.ToolDelta ? StreamSemantics.ToolUpdate : StreamSemantics.Event,
    payload: utf8.encode(json),
  };
  return {
    body: ours(joinBody(encodeTypedPayload(payloadKind, [event]))),
    fields: { payloadKindBitmap: payloadKind, payloadFrameCount: 1 },
  };
}

/** A value as JSON. Throws a `TypeError`, which says what it is of, where it is none that JSON has. */
export function jsonText(value: unknown, of: string): string {
  let json: string | undefined;
  let cause: unknown;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    // A bigint, a circle, or what its `toJSON` throws.
    cause = error;
  }
  if (json !== undefined) return json;
  const why = cause === undefined ? '' : ', with a bigint, a circle or a toJSON that throws';
  throw new TypeError(`${of} must be a value that JSON has, got ${describeValue(value)}${why}`, { cause });
}

/** The values of the payloads of one kind; what is no JSON is left out. Throws an `NnrpError` where the body is none. */
export function decodeJson(payloadKind: JsonKind, { metadata, body }: TypedBody): unknown[] {
  if (metadata.payloadKindBitmap !== payloadKind) return [];
  return typedPayloads(metadata, body).flatMap((payload) => {
    try {
      return [JSON.parse(new TextDecoder().decode(payload)) as unknown];
    } catch {
      return [];
    }
  });
}
