import { flag, integer, rule } from '../protocol/options/rules';
import { partly, takeOptions, type Rules } from '../protocol/options/take-options';
import type { ObjectRegion } from './shared-object';

const bytesOfObject = integer(0, Number.MAX_SAFE_INTEGER);

const REGION_RULES: Rules<ObjectRegion> = partly<ObjectRegion>({
  offset: bytesOfObject,
  length: bytesOfObject,
  metadata: rule('a Uint8Array', (value) => value instanceof Uint8Array),
  isFinal: flag,
});

/** What an application says of a change. Throws a `TypeError` or a `RangeError` that names what is none. */
export function takeRegion(kind: 'patch' | 'delta', region: ObjectRegion): ObjectRegion {
  return takeOptions(`object.${kind === 'patch' ? 'patch' : 'append'}`, region, REGION_RULES);
}
