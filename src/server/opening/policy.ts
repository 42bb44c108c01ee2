import type { Observable } from 'rxjs';
import { describeValue } from '../../protocol/describe-value';
import { rule } from '../../protocol/options/rules';
import { takeOptions, type Rules } from '../../protocol/options/take-options';
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
  /**
   * The session that the client asks to have back; undefined where it asks for a new one. Whether its token
   * is right is judged after the policy.
   */
  readonly resumes: number | undefined;
  readonly peer: PeerName;
  readonly transport: TransportKind;
  /**
   * Who the peer is by its certificate. Undefined where it has shown none, where the one shown could not
   * be verified, and without TLS.
   */
  readonly identity: PeerIdentity | undefined;
}

/** The client may have the session; see {@link accept}. */
export interface Acceptance<Context = unknown> {
  readonly verdict: 'accept';
  readonly context?: Context;
  readonly owner?: string | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt?: number | undefined;
}

/** The client may not have the session; see {@link refuse}. */
export interface Refusal {
  readonly verdict: 'refuse';
  /** Not 0. */
  readonly code: number;
  readonly text?: string | undefined;
}

/**
 * `true` and `SessionErrorCode.None` accept; `false` refuses with `AuthFailed`, any other code refuses and is
 * what the client is told; `accept(…)` and `refuse(…)` say more.
 */
export type PolicyVerdict<Context = unknown> = boolean | number | Acceptance<Context> | Refusal;

/**
 * Accepts or refuses a SESSION_OPEN, at once or later: asked for every session, and again whenever its
 * client comes back for it. A policy that throws, or says anything but a verdict, has failed: the client is
 * refused with `AuthFailed`, and `failures$` tells of it; but one that throws as a client comes back for its session
 * has it told to come later, and ends none. One that ends without a verdict refuses with `AuthFailed`, too. One that
 * takes longer than `limits.handshakeMs` has the client told to come later.
 *
 * @example
 * const policy: SessionPolicy = async ({ auth }) => {
 *   const user = await verify(auth);
 *   return user ? accept({ user }, { owner: user.id }) : refuse('auth-failed', 'the token has expired');
 * };
 *
 * const byCertificate: SessionPolicy = ({ identity }) => members.has(identity?.fingerprint);
 */
export type SessionPolicy<Context = unknown> = (
  request: SessionOpenRequest,
) => PolicyVerdict<Context> | PromiseLike<PolicyVerdict<Context>> | Observable<PolicyVerdict<Context>>;

/** `session.context` of a server with this policy: what it accepts with, undefined where it says yes and no more. */
export type ContextOf<Policy> = Policy extends (request: SessionOpenRequest) => infer Answer
  ? ContextOfVerdict<Answer extends PromiseLike<infer Later> | Observable<infer Later> ? Later : Answer>
  : unknown;

/** Of each verdict that there may be; a code may be 0. */
type ContextOfVerdict<Verdict> =
  Verdict extends Acceptance<infer Context>
    ? Context
    : Verdict extends true | 0
      ? undefined
      : number extends Verdict
        ? undefined
        : never;

/** Whose the session is, and until when. */
export interface AcceptOptions {
  /**
   * Whose the session is. A client that comes back for it has to be the same owner's, besides having the
   * token. Default: whoever has the token.
   */
  readonly owner?: string;
  /**
   * Until when the client may have the session by what it has shown: a Date or epoch milliseconds. Then a client of this
   * version that reconnects is asked to show its auth anew, and the session waits for that as long as it would for a lost
   * connection; of any other the session is closed as `AuthRevoked`. Default: for ever.
   */
  readonly expiresAt?: Date | number;
}

/** Not left out without a word where it is misspelt: who an owner is decides who has the session back. */
const ACCEPT_RULES: Rules<AcceptOptions> = {
  owner: rule('a string', (value) => typeof value === 'string', 'string'),
  expiresAt: rule(
    'a Date or milliseconds since 1970',
    (value) => value instanceof Date || (typeof value === 'number' && !Number.isNaN(value)),
    'number',
  ),
};

/**
 * Accepts a session. `context` is what the policy has found out; it stands on `session.context`, in its own type. Throws a
 * `TypeError` that names an option which is none, or the value of one that it cannot have.
 */
export function accept(): Acceptance<undefined>;
export function accept<Context>(context: Context, options?: AcceptOptions): Acceptance<Context>;
export function accept(context?: unknown, options: AcceptOptions = {}): Acceptance {
  const { owner, expiresAt } = takeOptions('accept', options, ACCEPT_RULES);
  const expiry = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
  return { verdict: 'accept', context, owner, expiresAt: expiry };
}

/** Why a session is refused, by name. */
const REFUSALS = {
  'auth-failed': SessionErrorCode.AuthFailed,
  'profile-unsupported': SessionErrorCode.ProfileUnsupported,
  'schema-unsupported': SessionErrorCode.SchemaUnsupported,
  'priority-rejected': SessionErrorCode.PriorityRejected,
  'lease-policy-rejected': SessionErrorCode.LeasePolicyRejected,
  'resume-rejected': SessionErrorCode.ResumeRejected,
  'session-limit-reached': SessionErrorCode.SessionLimitReached,
} as const satisfies Readonly<Record<string, SessionErrorCode>>;

/** A reason to refuse a session by its name: `auth-failed` for `SessionErrorCode.AuthFailed`, and so on. */
export type RefusalReason = keyof typeof REFUSALS;

/**
 * Refuses a session, for a reason of the protocol's or with a code of the application's own (a u32, not 0).
 * `text` is for the client, which has it as `SessionRejectedError.text`: 256 bytes of UTF-8 at most, the rest
 * is cut off. Throws a `TypeError` where the protocol has no such reason.
 */
export function refuse(reason: RefusalReason | number, text = ''): Refusal {
  if (typeof reason === 'number') return { verdict: 'refuse', code: reason, text };
  if (typeof reason !== 'string' || !Object.hasOwn(REFUSALS, reason)) {
    const names = Object.keys(REFUSALS).join(', ');
    throw new TypeError(`a session is refused with a code or one of ${names}, not ${describeValue(reason)}`);
  }
  return { verdict: 'refuse', code: REFUSALS[reason], text };
}

export const acceptAll: SessionPolicy = () => SessionErrorCode.None;
