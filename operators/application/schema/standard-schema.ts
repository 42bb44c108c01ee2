/** A schema as Standard Schema 1 has it (standardschema.dev): of zod, valibot, arktype, or of one's own. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** What it makes of a value, or what it has against it. */
    readonly validate: (value: unknown) => Verdict<Output> | Promise<Verdict<Output>>;
    /** For the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema has against a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema makes of a value that fits. */
export type Checked<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

export type Verdict<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };
