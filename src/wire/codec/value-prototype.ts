import { jsonOf } from '../json';
import type { Layout } from './layout';

/** JSON has no bigint: a value with a u64 says itself how it is shown. It is an `Object` all the same. */
const PRINTABLE = Object.create(Object.prototype, {
  toJSON: {
    value(this: object) {
      return jsonOf(this);
    },
  },
}) as object;

/** The prototype of the values of a layout. */
export function valuePrototype(fields: Layout): object {
  return Object.values(fields).some(({ width }) => width === 8) ? PRINTABLE : Object.prototype;
}
