import { rule } from '../../protocol/options/rules';
import type { ObjectsOption } from '../options';

/** Those that `sharedObjects()` has given: what else is a function may do anything. */
const known = new WeakSet();

export function asObjectsOption(option: ObjectsOption): ObjectsOption {
  known.add(option);
  return option;
}

export const objectsOption = rule<ObjectsOption>(
  'what sharedObjects() gives',
  (value) => typeof value === 'function' && known.has(value),
);
