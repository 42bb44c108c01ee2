import type { SchedulerLike } from 'rxjs';
import type { SessionObjects } from '../../objects/shared-object';
import type { ObjectsOption, SessionOptions } from '../options';

/** Those that `sharedObjects()` has given: what else is a function may do anything. */
const known = new WeakSet<ObjectsOption>();

export function asObjectsOption(option: ObjectsOption): ObjectsOption {
  known.add(option);
  return option;
}

/** What the option `objects` makes. Throws a `TypeError` where it is none of `sharedObjects()`. */
export function objectsOf(
  { objects }: SessionOptions,
  session: object,
  scheduler: SchedulerLike,
): SessionObjects | undefined {
  if (objects === undefined) return undefined;
  if (!known.has(objects)) throw new TypeError('objects of openSession must be what sharedObjects() gives');
  return objects(session as never, scheduler);
}
