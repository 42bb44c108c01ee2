import { ignoreRejection } from '../../protocol/ignore-rejection';
import { isAssignedProfile } from '../../protocol/capability/profile';
import { TAKEN_OVER } from '../../protocol/session/taken-over';
import { idInUse, tooManyOperations } from '../../protocol/session/session-limit';
import {
  SessionAckFlag,
  SessionErrorCode,
  SessionFlag,
  SessionOpenAckMetadata,
  SessionStatus,
  type SessionOpenMetadata,
} from '../../wire/messages/session-open';
import type { ServerSettings } from '../options';
import { matchToken, type SessionTokens, type UsedToken } from './resume-token';
import type { HandOver } from '../session/results/hand-over';
import type { SessionCore } from '../session/session-core';
import type { SessionEntry, SessionRegistry } from './session-registry';

/** The judgement of a SESSION_OPEN (protocol section 9). */
export type OpenVerdict =
  | { readonly status: typeof SessionStatus.Opened; readonly sessionId: number }
  /** As the reference resumes: the id lives on, in a session that starts anew. */
  | { readonly status: typeof SessionStatus.Resumed; readonly sessionId: number; readonly core: undefined }
  | {
      readonly status: typeof SessionStatus.Resumed;
      readonly sessionId: number;
      readonly core: SessionCore;
      readonly tokens: SessionTokens;
      readonly used: 'current' | 'previous';
      /** What the client is given that has come with a ticket. */
      readonly handOver: HandOver | undefined;
    }
  | OpenRefusal;

export interface OpenRefusal {
  readonly status: typeof SessionStatus.Rejected | typeof SessionStatus.RetryLater;
  readonly errorCode: number;
  /** For the client to read, where it can be told. */
  readonly text?: string;
  /** The session is there, and the token is another than its own. */
  readonly isWrongToken?: true;
}

/** Whether a session begins that was not there before. */
export function beginsAnew(verdict: OpenVerdict): boolean {
  const { status } = verdict;
  return status === SessionStatus.Opened || (status === SessionStatus.Resumed && verdict.core === undefined);
}

/** How a client proves that a session is its own. */
export interface ResumeProof {
  readonly token: Uint8Array;
  readonly receivedResults: number | undefined;
  /** How manieth attempt it is, where the client says so. */
  readonly resumeAttempt?: number | undefined;
  /** Whether it comes with a ticket, and knows nothing of the session but that. */
  readonly isByTicket?: boolean;
  /** Whether it understands that its session is another's. */
  readonly knowsTickets?: boolean;
}

/** The first of the server's own checks that fails: profile, schema, operations in flight. */
export function checkOpen(open: SessionOpenMetadata, settings: ServerSettings): OpenRefusal | undefined {
  const { supportedProfiles, schemaRegistry, maxInFlightOperations: allowed } = settings;
  if (!supportedProfiles.includes(open.profileId) || !isAssignedProfile(open.profileId)) {
    return rejected(SessionErrorCode.ProfileUnsupported);
  }
  if (!isSchema(schemaRegistry.get(open.schemaId, open.schemaVersion))) {
    return rejected(SessionErrorCode.SchemaUnsupported);
  }
  if (open.maxInFlightOperations > allowed) return limitReached(tooManyOperations(open, allowed));
  return undefined;
}

/** The one code that says four things; which of them, a text says to whoever takes one. */
export function limitReached(text: string): OpenRefusal {
  return { status: SessionStatus.Rejected, errorCode: SessionErrorCode.SessionLimitReached, text };
}

/** A registry of a program without types may give anything. */
function isSchema(found: unknown): boolean {
  ignoreRejection(found);
  return typeof found === 'object' && found !== null && 'schemaId' in found;
}

/** Which id the session gets, and whether it goes on where another connection left it. */
export function judgeRecovery(
  open: SessionOpenMetadata,
  proof: ResumeProof,
  settings: ServerSettings,
  registry: SessionRegistry<SessionCore>,
): OpenVerdict {
  const { requestedSessionId, resumeTokenBytes } = open;
  const known = registry.get(requestedSessionId);
  if (resumeTokenBytes > 0) return judgeResume(open, proof, settings, known);
  if (known !== undefined) return limitReached(idInUse(requestedSessionId));
  return { status: SessionStatus.Opened, sessionId: requestedSessionId || chosenId(settings, registry) };
}

/** The reference gives everybody who does not choose the id 1, whoever has it. */
function chosenId({ resume }: ServerSettings, registry: SessionRegistry<SessionCore>): number {
  return resume === 'by-id' ? 1 : registry.freeId();
}

function judgeResume(
  open: SessionOpenMetadata,
  proof: ResumeProof,
  { resume }: ServerSettings,
  known: SessionEntry<SessionCore> | undefined,
): OpenVerdict {
  const sessionId = open.requestedSessionId;
  const status = SessionStatus.Resumed;
  const refusal = rejected(SessionErrorCode.ResumeRejected);
  if (resume === 'by-id') {
    const isNamed =
      known !== undefined && (known.core === undefined || known.core.granted.resumeTokenBytes > 0);
    return isNamed ? { status, sessionId, core: undefined } : refusal;
  }
  const { token, receivedResults, resumeAttempt, isByTicket = false } = proof;
  const core = known?.core;
  const tokens = core?.claim.tokens;
  // Compared whether or not there is such a session: one answer and one timing for all.
  const used = matchToken(token, tokens);
  if (tokens === undefined || core === undefined) return refusal;
  // What carries no token guesses at none.
  if (used === undefined) return token.length === 0 ? refusal : { ...refusal, isWrongToken: true };
  if (!isSameKind(open, core.open)) return refusal;
  const own = ownToken(proof, used, core.claim.isTakenOver);
  if (own === undefined) return takenFrom(proof);
  if (isByTicket) {
    const handOver = core.handOver(receivedResults);
    return handOver === undefined ? refusal : { status, sessionId, core, tokens, used: own, handOver };
  }
  if (!core.canResume(receivedResults, resumeAttempt)) return refusal;
  return { status, sessionId, core, tokens, used: own, handOver: undefined };
}

/** The token with which a client goes on; undefined where another has taken the session from it. */
export function ownToken(
  { isByTicket = false }: ResumeProof,
  used: UsedToken,
  isTakenOver: boolean,
): Exclude<UsedToken, 'former'> | undefined {
  const isOthers = used === 'former' || (used === 'previous' && isTakenOver && !isByTicket);
  return isOthers ? undefined : used;
}

/** What a client is told that another has taken the session from. */
export function takenFrom({ isByTicket = false, knowsTickets = false }: ResumeProof): OpenRefusal {
  return knowsTickets && !isByTicket ? takenOver : rejected(SessionErrorCode.ResumeRejected);
}

const takenOver: OpenRefusal = {
  status: SessionStatus.Rejected,
  errorCode: TAKEN_OVER,
  text: 'another client has taken the session over with a ticket',
};

function isSameKind(open: SessionOpenMetadata, before: SessionOpenMetadata): boolean {
  return (
    open.profileId === before.profileId &&
    open.schemaId === before.schemaId &&
    open.schemaVersion === before.schemaVersion
  );
}

function rejected(errorCode: number): OpenRefusal {
  return { status: SessionStatus.Rejected, errorCode };
}

/** The blocks that an ack's body carries, by length. */
export interface AckBlocks {
  readonly resumeTokenBytes: number;
  readonly sessionExtensionBytes: number;
}

/** The answer: what was asked for, echoed, and what the server grants. */
export function openAck(
  open: SessionOpenMetadata,
  verdict: OpenVerdict,
  settings: ServerSettings,
  blocks: AckBlocks,
): SessionOpenAckMetadata {
  const isAccepted = verdict.status === SessionStatus.Opened || verdict.status === SessionStatus.Resumed;
  const sessionId = isAccepted ? verdict.sessionId : 0;
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
    ...blocks,
    serverSessionTag: BigInt(sessionId),
    sessionErrorCode: isAccepted ? SessionErrorCode.None : verdict.errorCode,
    sessionFlagsAck: blocks.resumeTokenBytes > 0 ? SessionAckFlag.ResumeEnabled : 0,
  });
}

/** Whether a client asks for a session that survives its connection, of a server whose sessions wait at all. */
export function wantsResume(
  { sessionFlags }: SessionOpenMetadata,
  { resumeWindowMs }: Pick<ServerSettings, 'resumeWindowMs'>,
): boolean {
  return (sessionFlags & SessionFlag.AllowResume) !== 0 && resumeWindowMs > 0;
}
