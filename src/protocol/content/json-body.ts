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

/** Throws a `TypeError` where a value is none that JSON has. */
export function encodeJson(payloadKind: JsonKind, value: unknown): JsonBody {
  const event = {
    profileId: Profile.Unspecified,
    descriptorFlags: DescriptorFlag.Terminal,
    schemaId: 0,
    schemaVersion: 0,
    streamSemantics:
      payloadKind === PayloadKind.ToolDelta ? StreamSemantics.ToolUpdate : StreamSemantics.Event,
    payload: jsonBytes(value),
  };
  return {
    body: ours(joinBody(encodeTypedPayload(payloadKind, [event]))),
    fields: { payloadKindBitmap: payloadKind, payloadFrameCount: 1 },
  };
}

/** A value as JSON. Throws a `TypeError` where it is none that JSON has. */
export function jsonBytes(value: unknown): Uint8Array {
  let json: string | undefined;
  let cause: unknown;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    // A bigint, a circle, or what its `toJSON` throws.
    cause = error;
  }
  if (json !== undefined) return utf8.encode(json);
  const text = `a value that JSON does not have cannot be sent as such: ${describeValue(value)}`;
  throw new TypeError(text, { cause });
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
