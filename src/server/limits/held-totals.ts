import type { ServerLimits } from './server-limits';

/** A limit that another held result would exceed. */
export interface HeldExcess {
  readonly limit: 'maxHeldBytes' | 'maxTotalHeldBytes';
  readonly allowed: number;
  readonly observed: number;
}

/** Bytes of results that wait because clients hold their operations, over all sessions of a server. */
export class HeldTotals {
  private bytes = 0;

  constructor(private readonly limits: Pick<ServerLimits, 'maxHeldBytes' | 'maxTotalHeldBytes'>) {}

  /** Takes note of so many bytes more of an operation that has `held`; says where that would be too much. */
  grow(held: number, by: number): HeldExcess | undefined {
    const { maxHeldBytes, maxTotalHeldBytes } = this.limits;
    if (held + by > maxHeldBytes) {
      return { limit: 'maxHeldBytes', allowed: maxHeldBytes, observed: held + by };
    }
    const observed = this.bytes + by;
    if (observed > maxTotalHeldBytes) {
      return { limit: 'maxTotalHeldBytes', allowed: maxTotalHeldBytes, observed };
    }
    this.bytes = observed;
    return undefined;
  }

  shrink(by: number): void {
    this.bytes -= by;
  }
}
