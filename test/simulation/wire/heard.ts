/** What an answer may use, or has used. */
export interface Use {
  readonly tokens: number;
  readonly bytes: number;
}

/** What a server has been told of an operation besides its submit. */
export interface Heard {
  /** By the date; Infinity for never. */
  deadlineAt: number;
  /** Whether that has come. */
  hasPassed: boolean;
  /** When it must have ended by that, as the time goes and not the date. */
  overdueAt: number | undefined;
  /** Undefined for that of its session. */
  priority: number | undefined;
  /** Of those of its session, the how manieth it came; 0 until it has. */
  arrival: number;
  /** What is left of its budget, and the least that it was ever given. */
  left: Use;
  least: Use;
  /** How many results its client takes; undefined for any number. */
  window: number | undefined;
}

export const UNBOUNDED: Use = { tokens: Infinity, bytes: Infinity };

export function nothingHeard(): Heard {
  return {
    deadlineAt: Infinity,
    hasPassed: false,
    overdueAt: undefined,
    priority: undefined,
    arrival: 0,
    left: UNBOUNDED,
    least: UNBOUNDED,
    window: undefined,
  };
}
