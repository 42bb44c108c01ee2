import { describeError } from '../../../src/protocol/runtime-error';
import { PrintableError } from '../../../src/wire/json';
import type { SchemaIssue } from './standard-schema';

/** A value was not taken by its schema. */
export class SchemaError extends PrintableError {
  override readonly name = 'SchemaError';
  readonly #issues: readonly SchemaIssue[];

  constructor(
    /**
     * `invalid`: it does not fit, for the `issues`; `threw`: the schema itself has thrown, or rejected, with the `cause`;
     * `late`: the schema has not decided in time.
     */
    readonly reason: 'invalid' | 'threw' | 'late',
    text: string,
    { issues = [], cause }: { readonly issues?: readonly SchemaIssue[]; readonly cause?: unknown } = {},
  ) {
    super(text, cause === undefined ? undefined : { cause });
    this.#issues = issues;
  }

  /** As the schema says them; empty unless the value is invalid. */
  get issues(): readonly SchemaIssue[] {
    return this.#issues;
  }
}

/** Who says more of one value is not listened to: its first words are for people. */
const TOLD_ISSUES = 3;

export function invalid(issues: readonly SchemaIssue[]): SchemaError {
  return new SchemaError('invalid', `the value does not fit its schema: ${inWords(issues)}`, { issues });
}

/** What a schema has against a value, for who has sent it. */
export function inWords(issues: readonly SchemaIssue[]): string {
  const told = issues.slice(0, TOLD_ISSUES).map(tell);
  const rest = issues.length - told.length;
  return `${told.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}

export function threw(cause: unknown): SchemaError {
  return new SchemaError('threw', `the schema has failed: ${describeError(cause)}`, { cause });
}

export function late(timeoutMs: number): SchemaError {
  return new SchemaError('late', `the schema has not decided within ${timeoutMs} ms`);
}

function tell({ message, path = [] }: SchemaIssue): string {
  const place = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
  return place === '' ? message : `${place}: ${message}`;
}
