/**
 * The fields as JSON can say them, for `toJSON`: a bigint in decimal digits, and in words what JSON would leave
 * out or refuse. Whoever logs a grant or an error does not think of the u64 in it.
 */
export function jsonOf(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, sayable(value)]));
}

function sayable(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    default:
      // It may refer to itself, or have a `toJSON` that throws.
      return value === null ? null : `a value of type ${typeof value}`;
  }
}

/**
 * An Error that JSON shows whole. Others show neither their message nor their cause.
 *
 * @example
 * JSON.stringify(new NnrpError({ kind: 'UnknownOperation', operationId: 7n }));
 * // {"name":"NnrpError","message":"operation 7 is unknown","kind":"UnknownOperation","fault":{…,"operationId":"7"}}
 */
export abstract class PrintableError extends Error {
  /** Called by `JSON.stringify`. A cause that is no error of this library is told by its text. */
  toJSON(): Record<string, unknown> {
    const { name, message, cause } = this;
    if (cause === undefined) return { name, message, ...jsonOf(this) };
    return { name, message, ...jsonOf(this), cause: cause instanceof PrintableError ? cause : textOf(cause) };
  }
}

function textOf(cause: unknown): unknown {
  return cause instanceof Error ? cause.message : sayable(cause);
}
