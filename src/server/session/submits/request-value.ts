import { check, type CheckOptions } from '../../../../operators/application/schema/check';
import { inWords, SchemaError } from '../../../../operators/application/schema/schema-error';
import type { Checked, StandardSchema } from '../../../../operators/application/schema/standard-schema';
import { partsOf } from '../../../protocol/content/parts/part-decoder';
import type { TypedBody } from '../../../protocol/content/token-decoder';
import { failure } from '../../../protocol/operation/failure';
import { NnrpError } from '../../../wire/errors';

/**
 * The value that a client asks with, as its schema has it: that of a structured event, or of a text that is JSON.
 * Rejects with a `Failure` of status 400 where the client is to blame.
 */
export async function requestValue<S extends StandardSchema>(
  submit: TypedBody,
  schema: S,
  options: CheckOptions | undefined,
): Promise<Checked<S>> {
  const value = valueOf(submit);
  try {
    return await check(schema, value, options);
  } catch (error) {
    if (error instanceof SchemaError && error.reason === 'invalid') throw failure(400, inWords(error.issues));
    throw error;
  }
}

function valueOf(submit: TypedBody): unknown {
  try {
    const parts = partsOf(submit);
    for (const part of parts) if (part.kind === 'event') return part.value;
    return JSON.parse(parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''));
  } catch (error) {
    if (error instanceof NnrpError || error instanceof SyntaxError) throw failure(400, 'the body is no JSON');
    throw error;
  }
}
