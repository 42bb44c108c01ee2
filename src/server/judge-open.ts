import { defaultIfEmpty, defer, from, of, take, type Observable } from 'rxjs';
import { isAssignedProfile } from '../protocol/profile';
import {
  SessionAckFlag,
  SessionErrorCode,
  SessionFlag,
  SessionOpenAckMetadata,
  SessionStatus,
  type SessionOpenMetadata,
} from '../wire/messages/session-open';
import type { ServerSettings } from './options';
import type { SessionOpenRequest, SessionPolicy } from './policy';
import type { SessionRegistry } from './session-registry';

/** What becomes of a SESSION_OPEN (protocol section 9). */
export type OpenVerdict =
  | {
      readonly status: typeof SessionStatus.Opened | typeof SessionStatus.Resumed;
      readonly sessionId: number;
    }
  | { readonly status: typeof SessionStatus.Rejected; readonly errorCode: number };

/** The first of the server's own checks that fails: profile, schema, operations in flight. */
export function checkOpen(open: SessionOpenMetadata, settings: ServerSettings): SessionErrorCode {
  const { supportedProfiles, schemaRegistry, maxInFlightOperations } = settings;
  if (!supportedProfiles.includes(open.profileId) || !isAssignedProfile(open.profileId)) {
    return SessionErrorCode.ProfileUnsupported;
  }
  if (schemaRegistry.get(open.schemaId, open.schemaVersion) === undefined) {
    return SessionErrorCode.SchemaUnsupported;
  }
  if (open.maxInFlightOperations > maxInFlightOperations) return SessionErrorCode.SessionLimitReached;
  return SessionErrorCode.None;
}

/** What the policy says: one code, at once where it takes no time; errors where the policy fails. */
export function askPolicy(request: SessionOpenRequest, policy: SessionPolicy): Observable<number> {
  return defer(() => {
    const verdict = policy(request);
    return typeof verdict === 'number' ? of(verdict) : from(verdict);
  }).pipe(take(1), defaultIfEmpty(SessionErrorCode.AuthFailed));
}

/** Which id the session gets, and whether it goes on where another connection left it. */
export function judgeRecovery(
  open: SessionOpenMetadata,
  settings: ServerSettings,
  registry: SessionRegistry,
): OpenVerdict {
  const { requestedSessionId, resumeTokenBytes } = open;
  const known = registry.get(requestedSessionId);
  if (resumeTokenBytes > 0) {
    return settings.resume === 'by-id' && known?.isResumable === true
      ? { status: SessionStatus.Resumed, sessionId: requestedSessionId }
      : { status: SessionStatus.Rejected, errorCode: SessionErrorCode.ResumeRejected };
  }
  if (known !== undefined) {
    return { status: SessionStatus.Rejected, errorCode: SessionErrorCode.SessionLimitReached };
  }
  return { status: SessionStatus.Opened, sessionId: requestedSessionId || chosenId(settings, registry) };
}

/** The reference gives everybody who does not choose the id 1, whoever has it. */
function chosenId({ resume }: ServerSettings, registry: SessionRegistry): number {
  return resume === 'by-id' ? 1 : registry.freeId();
}

/** The answer: what was asked for, echoed, and what the server grants. */
export function openAck(
  open: SessionOpenMetadata,
  verdict: OpenVerdict,
  settings: ServerSettings,
): SessionOpenAckMetadata {
  const isAccepted = verdict.status !== SessionStatus.Rejected;
  const sessionId = isAccepted ? verdict.sessionId : 0;
  const resumeTokenBytes = isAccepted && isResumable(open, settings) ? settings.resumeTokenBytes : 0;
  return SessionOpenAckMetadata.of({
    sessionId,
    acceptedProfileId: open.profileId,
    acceptedPriorityClass: open.priorityClass,
    sessionStatus: verdict.status,
    schemaId: open.schemaId,
    schemaVersion: open.schemaVersion,
    grantedOperationCredit: settings.grantedOperationCredit,
    maxInFlightOperations: settings.maxInFlightOperations,
    leaseTtlMs: settings.leaseTtlMs,
    resumeWindowMs: settings.resumeWindowMs,
    resumeTokenBytes,
    serverSessionTag: BigInt(sessionId),
    sessionErrorCode: isAccepted ? SessionErrorCode.None : verdict.errorCode,
    sessionFlagsAck: resumeTokenBytes > 0 ? SessionAckFlag.ResumeEnabled : 0,
  });
}

function isResumable(open: SessionOpenMetadata, { resume }: ServerSettings): boolean {
  return resume !== 'off' && (open.sessionFlags & SessionFlag.AllowResume) !== 0;
}
