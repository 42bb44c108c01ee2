import { limit } from '../protocol/options/rules';
import type { Rules } from '../protocol/options/take-options';

/** How much each end of a session may share. */
export interface ObjectLimits {
  /** Objects at once, of each end. Default 64. */
  readonly maxObjects: number;
  /** Bytes of the objects of each end, with what was said of them. Default 1 MiB. */
  readonly maxBytes: number;
}

export const DEFAULT_OBJECT_LIMITS: ObjectLimits = { maxObjects: 64, maxBytes: 1024 * 1024 };

export const OBJECT_LIMIT_RULES: Rules<ObjectLimits> = { maxObjects: limit, maxBytes: limit };
