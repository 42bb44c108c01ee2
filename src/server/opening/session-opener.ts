import type { SchedulerLike, Subscription } from 'rxjs';
import {
  decodeSessionExtension,
  encodeSessionExtension,
  type SessionExtension,
} from '../../protocol/session/session-extension';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import { MessageType } from '../../wire/message-type';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
  type SessionOpenMetadata,
} from '../../wire/messages/session-open';
import { EMPTY, packet, type Packet } from '../../wire/packet';
import { tooManySessions } from '../../protocol/session/session-limit';
import { isResumeAttempt } from '../../protocol/session/recovery';
import { askPolicy, type Decision } from './ask-policy';
import {
  checkOpen,
  judgeRecovery,
  limitReached,
  openAck,
  wantsResume,
  type OpenRefusal,
  type OpenVerdict,
  type ResumeProof,
} from './judge-open';
import { openBlocks, type OpenBlocks } from '../../protocol/session/open-blocks';
import type { Acceptance, SessionOpenRequest } from './policy';
import { DetachedTotals } from './detached-totals';
import type { LimitTripped } from '../limits/limit-tripped';
import { HeldTotals } from '../limits/held-totals';
import type { QueuedTotals } from '../limits/queued-totals';
import type { TokenGuard } from './token-guard';
import type { ServerSettings } from '../options';
import { referenceDiagnostic } from './reference-diagnostic';
import { hashToken, rotate, type TokenPair } from './resume-token';
import { TokenMint } from './token-mint';
import { SessionClaim } from '../session/session-claim';
import { SessionCore, type SessionHost } from '../session/session-core';
import { REVOKED_ENDING } from '../session/session-endings';
import type { Attachment } from '../session/results/session-outlet';
import type { SessionRegistry } from './session-registry';

/** A connection that a session can be opened on. */
export interface OpeningConnection extends Attachment {
  /** Whether the peer may be of the reference, and knows no extension block of this project. */
  readonly isReference: boolean;
  /** The client has announced itself, and says what it takes. */
  announce(extension: SessionExtension): void;
  /** Whether it may have another session. */
  admitsSession(): boolean;
  /** The policy has accepted the client: it is no stranger, also where its session cannot be resumed. */
  accepted(): void;
  /** Sends SESSION_OPEN_ACK. */
  answerOpen(ack: Packet, verdict: 'accepted' | 'refused'): void;
  /**
   * A resume token was a guess; `ofAddress` are those from its address, where that is too often. To be
   * called last: it may be once too often here.
   */
  tokenFailed(sessionId: number, ofAddress: number | undefined): void;
  /** The session's packets go to it from now on. */
  adopt(core: SessionCore): void;
}

export interface OpenerHost {
  readonly settings: ServerSettings;
  readonly registry: SessionRegistry;
  readonly scheduler: SchedulerLike;
  /** Of submits that wait, over all sessions. */
  readonly queued: QueuedTotals;
  /** Timers of what outlives its session; they end with the server. */
  readonly lasting: Subscription;
  /** Counts wrong tokens by their address. */
  readonly tokens: TokenGuard;
  limitTripped(tripped: LimitTripped): void;
  /** Whether the server takes no new sessions now: it is closing, or nobody takes those that there are. */
  isFull(): boolean;
  sessionOpened(core: SessionCore): void;
  failed(error: RuntimeError): void;
}

/** A SESSION_OPEN, taken apart. */
interface Opening {
  readonly open: SessionOpenMetadata;
  readonly proof: ResumeProof;
  readonly extension: SessionExtension | undefined;
  readonly connection: OpeningConnection;
}

/**
 * Judges SESSION_OPENs, answers them, and makes sessions of those that are accepted (protocol section
 * 9): the server's checks, the policy, then recovery.
 */
export class SessionOpener {
  private readonly sessionHost: SessionHost;
  private readonly mint: TokenMint;

  constructor(private readonly host: OpenerHost) {
    const { randomBytes, resumeTokenBytes, tokenKey } = host.settings;
    this.mint = new TokenMint(randomBytes, resumeTokenBytes, tokenKey);
    this.sessionHost = this.makeSessionHost();
  }

  /**
   * Judges an open and answers it, now or when the policy has decided; unsubscribing forgets it. Throws
   * an `NnrpError` where the body's blocks are not as announced.
   */
  open(open: SessionOpenMetadata, body: Uint8Array, connection: OpeningConnection): Subscription | undefined {
    const { settings } = this.host;
    const blocks = openBlocks(open, body);
    const extension = decodeSessionExtension(blocks.extension);
    if (extension !== undefined) connection.announce(extension);
    const proof: ResumeProof = {
      token: blocks.resumeToken,
      receivedResults: extension?.receivedResults,
      resumeAttempt: extension?.resumeAttempt,
    };
    const opening: Opening = { open, proof, extension, connection };
    const refusal = checkOpen(open, settings) ?? this.checkRoom(connection);
    if (refusal !== undefined) {
      this.answer(opening, refusal);
      return undefined;
    }
    return askPolicy(this.request(open, blocks, connection), {
      policy: settings.policy,
      scheduler: this.host.scheduler,
      timeoutMs: settings.limits.handshakeMs,
      failed: (cause) => {
        this.host.failed(callbackFailed('the policy', open, cause));
      },
    }).subscribe({
      next: (decision) => {
        this.answerTo(opening, decision);
      },
      // It has failed before it comes to that.
      error: () => undefined,
    });
  }

  private checkRoom(connection: OpeningConnection): OpenVerdict | undefined {
    if (connection.admitsSession()) return undefined;
    return limitReached(tooManySessions(this.host.settings.limits.maxSessionsPerConnection));
  }

  private request(
    open: SessionOpenMetadata,
    { auth, extension }: OpenBlocks,
    { transport }: OpeningConnection,
  ): SessionOpenRequest {
    const { peer, kind, identity } = transport;
    const resumes = isResumeAttempt(open) ? open.requestedSessionId : undefined;
    return { open, auth, extension, resumes, peer, transport: kind, identity };
  }

  /** Whatever goes wrong costs this open: nobody is above who could be told. */
  private answerTo(opening: Opening, decision: Decision): void {
    try {
      this.decide(opening, decision);
    } catch (error) {
      this.host.failed(callbackFailed('what follows the policy', opening.open, error));
      this.answer(opening, { status: SessionStatus.RetryLater, errorCode: SessionErrorCode.None });
    }
  }

  private decide(opening: Opening, decision: Decision): void {
    const { open, proof } = opening;
    const { settings, registry } = this.host;
    if (decision.kind === 'refused') {
      const { errorCode, text } = decision;
      this.answer(opening, { status: SessionStatus.Rejected, errorCode, text });
      return;
    }
    if (decision.kind === 'unanswered' || this.host.isFull()) {
      this.answer(opening, { status: SessionStatus.RetryLater, errorCode: SessionErrorCode.None });
      return;
    }
    const { acceptance } = decision;
    const { expiresAt = Infinity } = acceptance;
    if (settings.wallClock.now() >= expiresAt) {
      const text = `the time that the policy has given was over at ${describeInstant(expiresAt)}`;
      this.answer(opening, { status: SessionStatus.Rejected, errorCode: SessionErrorCode.AuthFailed, text });
      return;
    }
    opening.connection.accepted();
    const verdict = judgeRecovery(open, proof, settings, registry);
    // Asked for every token, so that all take as long.
    const isOurs = this.mint.knows(proof.token);
    const isElsewhere =
      verdict.status === SessionStatus.Resumed &&
      (this.isForeign(verdict.sessionId, acceptance) || isOutOfReach(verdict.core, opening.connection));
    if (isElsewhere) {
      // Answered like a wrong token, and no guess: the token was right.
      this.answer(opening, RESUME_REFUSED);
      return;
    }
    this.answer(opening, verdict, acceptance);
    if (verdict.status === SessionStatus.Rejected && isResumeAttempt(open)) {
      this.tokenFailed(opening, isOurs && verdict.isWrongToken === true);
    }
  }

  /** Whether a session is somebody else's, as far as policies have said whose it is. */
  private isForeign(sessionId: number, { owner }: Acceptance): boolean {
    const known = this.host.registry.get(sessionId)?.owner;
    return known !== undefined && known !== owner;
  }

  private tokenFailed({ open, connection }: Opening, isGuess: boolean): void {
    const ofAddress = this.host.tokens.judge(connection.transport.peer, isGuess);
    if (isGuess) connection.tokenFailed(open.requestedSessionId, ofAddress);
  }

  private answer(opening: Opening, verdict: OpenVerdict, acceptance = NO_ACCEPTANCE): void {
    switch (verdict.status) {
      case SessionStatus.Rejected:
      case SessionStatus.RetryLater:
        this.sendAck(opening, verdict, EMPTY, this.refusalBlock(opening, verdict));
        return;
      case SessionStatus.Opened:
        this.start(opening, verdict, acceptance);
        return;
      case SessionStatus.Resumed:
        if (verdict.core === undefined) this.start(opening, verdict, acceptance);
        else this.resume(opening, verdict, verdict.core, acceptance);
    }
  }

  private start(
    opening: Opening,
    verdict: Extract<OpenVerdict, { readonly sessionId: number }>,
    acceptance: Acceptance,
  ): void {
    const { open, connection } = opening;
    const { settings, registry } = this.host;
    const isResumable = settings.resume === 'token' && wantsResume(open, settings);
    const token = isResumable ? this.freshToken(open) : EMPTY;
    // Resuming by id, whoever had the session is superseded.
    registry.get(verdict.sessionId)?.core?.end('disconnected', 'closed');
    const ack = this.sendAck(opening, verdict, token, acceptanceBlock(opening, 0));
    const tokens = isResumable ? { current: hashToken(token), previous: undefined } : undefined;
    const { wallClock } = settings;
    const claim = new SessionClaim(tokens, acceptance, { wallClock, scheduler: this.host.scheduler });
    const core = new SessionCore(this.sessionHost, open, ack, connection, claim);
    claim.watch(() => {
      void core.close(REVOKED_ENDING);
    });
    core.understandsHolds = opening.extension?.holdsOperations === true;
    core.takesFailures = opening.extension?.takesFailures === true;
    registry.set(core);
    connection.adopt(core);
    this.host.sessionOpened(core);
  }

  private resume(
    opening: Opening,
    verdict: Extract<OpenVerdict, { readonly tokens: TokenPair }>,
    core: SessionCore,
    acceptance: Acceptance,
  ): void {
    const token = this.freshToken(opening.open);
    core.claim.renew(rotate(verdict.tokens, verdict.used, token), acceptance);
    core.leave();
    const { lastOperationId } = core.operations;
    this.sendAck(opening, verdict, token, acceptanceBlock(opening, lastOperationId));
    opening.connection.adopt(core);
    core.recovery.resume(opening.connection, opening.extension);
  }

  private freshToken(open: SessionOpenMetadata): Uint8Array {
    return this.mint.make((cause) => {
      this.host.failed(callbackFailed('randomBytes', open, cause));
    });
  }

  private sendAck(
    { open, connection }: Opening,
    verdict: OpenVerdict,
    token: Uint8Array,
    block: Uint8Array,
  ): SessionOpenAckMetadata {
    const { settings } = this.host;
    // The 3.2 runtime announces token bytes and sends none; by id, so does this server.
    const isByIdResumable = settings.resume === 'by-id' && isAccepted(verdict) && wantsResume(open, settings);
    const ack = openAck(open, verdict, settings, {
      resumeTokenBytes: isByIdResumable ? settings.resumeTokenBytes : token.length,
      sessionExtensionBytes: block.length,
    });
    const body = new Uint8Array(token.length + block.length);
    body.set(token);
    body.set(block, token.length);
    connection.answerOpen(
      packet(
        { messageType: MessageType.SessionOpenAck, sessionId: ack.sessionId },
        SessionOpenAckMetadata.encode(ack),
        body,
      ),
      ack.sessionId === 0 ? 'refused' : 'accepted',
    );
    return ack;
  }

  /** Why an open is refused, for clients that have said that they take a text, and in preview4 for all. */
  private refusalBlock({ open, extension, connection }: Opening, refusal: OpenRefusal): Uint8Array {
    if (connection.isReference) return referenceDiagnostic(refusal, open, this.host.settings);
    const { text: refusalText = '' } = refusal;
    const isTaken = extension?.takesRefusalText === true && refusalText !== '';
    return isTaken ? encodeSessionExtension({ refusalText }) : EMPTY;
  }

  /** One for all sessions. */
  private makeSessionHost(): SessionHost {
    const { settings, scheduler, registry } = this.host;
    return {
      settings,
      scheduler,
      detached: new DetachedTotals(settings.limits),
      queued: this.host.queued,
      lasting: this.host.lasting,
      held: new HeldTotals(settings.limits),
      limitTripped: (tripped) => {
        this.host.limitTripped(tripped);
      },
      failed: (error) => {
        this.host.failed(error);
      },
      ended: (core, end) => {
        const isNamed = settings.resume === 'by-id' && core.granted.resumeTokenBytes > 0;
        if (isNamed && end === 'disconnected') registry.park(core, settings.resumeWindowMs, scheduler);
        else registry.delete(core);
      },
    };
  }
}

const NO_ACCEPTANCE: Acceptance = { verdict: 'accept' };
const RESUME_REFUSED: OpenVerdict = {
  status: SessionStatus.Rejected,
  errorCode: SessionErrorCode.ResumeRejected,
};

function acceptanceBlock({ extension, connection }: Opening, lastOperationId: number): Uint8Array {
  if (extension === undefined) return EMPTY;
  const { largestPacket } = connection.transport;
  const holds: SessionExtension = extension.holdsOperations === true ? { holdsOperations: true } : {};
  return encodeSessionExtension({ lastOperationId, largestPacket, ...holds });
}

/**
 * Whether a connection may not have a session: it is of another revision, and what waits for its client is encoded in
 * that; or, as the reference has it, the connection that carries it has not ended.
 */
function isOutOfReach(core: SessionCore | undefined, { revision, isReference }: OpeningConnection): boolean {
  if (core === undefined) return false;
  return core.revision !== revision || (isReference && core.outlet.current !== undefined);
}

function isAccepted({ status }: OpenVerdict): boolean {
  return status === SessionStatus.Opened || status === SessionStatus.Resumed;
}

/** One that is given in seconds, as tokens have it, shows as a day in 1970. */
function describeInstant(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString();
}

function callbackFailed(who: string, open: SessionOpenMetadata, cause: unknown): RuntimeError {
  const message = `${who} failed for a SESSION_OPEN of session ${open.requestedSessionId}: ${describeError(cause)}`;
  return new RuntimeError('internal', message, { reach: 'session', origin: 'application', cause });
}
