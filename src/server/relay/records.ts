import type { PeerIdentity } from '../../transport/peer-identity';
import type { RevisionName } from '../../wire/message';

// What nodes tell each other of a client, in JSON.

/** A client's connection. */
export interface RemotePeer {
  readonly peer: string;
  readonly kind: string;
  readonly identity?: PeerIdentity | undefined;
  /** Bytes of header and body that the connection takes in one packet. */
  readonly largestPacket?: number | undefined;
}

/** What goes with a SESSION_OPEN. */
export interface RemoteClient extends RemotePeer {
  /** What the client speaks, as far as is known. */
  readonly revision: RevisionName;
  /** Those that it may turn out to speak. */
  readonly revisions: readonly RevisionName[];
  readonly isReference: boolean;
}

/** What goes with the answer to it. */
export interface OpenedRecord {
  readonly isResumed: boolean;
  /** Whether the policy has accepted the client. */
  readonly isAccepted: boolean;
  /** Whether the token was a guess. */
  readonly isGuess: boolean;
  /** What the session, and so the client, speaks. */
  readonly revision: RevisionName;
  /** Whether operations have shown it. */
  readonly isCertain: boolean;
}

/** What packets of a session may cost their connection, by the number that nodes have for it. */
export const TOLLS = ['refused', 'cancelled-early', 'violation'] as const;
export type RelayedToll = (typeof TOLLS)[number];
