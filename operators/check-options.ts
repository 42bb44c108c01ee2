import type { Role } from '../src/protocol/packet-checks';
import { preview3 } from '../src/wire/preview3';
import type { Revision } from '../src/wire/revision';

/** What every `require…` operator takes. */
export interface CheckOptions {
  /** Which end checks; errors name it. Default `DEFAULT_ROLE`. */
  readonly role?: Role;
}

/** What operators take that ask what a message type is. */
export interface RevisionOptions {
  /** Whose message types they are. Default `preview3`. */
  readonly revision?: Revision;
}

/** Whose message types they are where nobody says. */
export const DEFAULT_REVISION: Revision = preview3;

/** Who checks where nobody says: a `server`. */
export const DEFAULT_ROLE: Role = 'server';
