import type { Role } from '../src/protocol/packet-checks';

/** What every `require…` operator takes. */
export interface CheckOptions {
  /** Which end checks; errors name it. Default `DEFAULT_ROLE`. */
  readonly role?: Role;
}

/** Who checks where nobody says: a `server`. */
export const DEFAULT_ROLE: Role = 'server';
