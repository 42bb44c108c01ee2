import type { ObservableInput } from 'rxjs';
import type { PeerIdentity } from '../../transport/peer-identity';
import type { PeerName, TransportKind } from '../../transport/transport';
import { SessionErrorCode, type SessionOpenMetadata } from '../../wire/messages/session-open';

/** What a policy sees of a client that wants a session. */
export interface SessionOpenRequest {
  readonly open: SessionOpenMetadata;
  /** The auth block; what it means is the application's. */
  readonly auth: Uint8Array;
  /** The session extension block. */
  readonly extension: Uint8Array;
  readonly peer: PeerName;
  readonly transport: TransportKind;
  /**
   * Who the peer is by its certificate. Undefined where it has shown none, where the one shown could not
   * be verified, and without TLS.
   */
  readonly identity: PeerIdentity | undefined;
}

/**
 * `SessionErrorCode.None` accepts; any other code refuses the session and is what the client is told.
 */
export type PolicyVerdict = number;

/**
 * Accepts or refuses a SESSION_OPEN, at once or later. A policy that throws, or that ends without a
 * verdict, refuses with `AuthFailed`.
 *
 * @example
 * const policy: SessionPolicy = async ({ auth }) =>
 *   (await tokens.verify(auth)) ? SessionErrorCode.None : SessionErrorCode.AuthFailed;
 *
 * const byCertificate: SessionPolicy = ({ identity }) =>
 *   members.has(identity?.fingerprint) ? SessionErrorCode.None : SessionErrorCode.AuthFailed;
 */
export type SessionPolicy = (request: SessionOpenRequest) => PolicyVerdict | ObservableInput<PolicyVerdict>;

export const acceptAll: SessionPolicy = () => SessionErrorCode.None;
