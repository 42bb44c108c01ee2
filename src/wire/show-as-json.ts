/** How Node's console asks an object what it is to show. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

type Inspect = (value: unknown, options: unknown) => string;

/**
 * Has Node's console show of the objects of a class what their `toJSON` says: what they hold besides is endless, and
 * secret in part.
 */
export function showAsJson(name: string, { prototype }: { readonly prototype: { toJSON(): object } }): void {
  Object.defineProperty(prototype, INSPECT, {
    value(this: typeof prototype, _depth: number, options: unknown, inspect: Inspect): string {
      return `${name} ${inspect(this.toJSON(), options)}`;
    },
  });
}
