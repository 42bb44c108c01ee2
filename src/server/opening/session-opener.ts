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
import {
  askPolicy,
  checkOpen,
  judgeRecovery,
  openAck,
  wantsResume,
  type OpenVerdict,
  type ResumeProof,
} from './judge-open';
import { openBlocks } from './open-blocks';
import { DetachedTotals } from './detached-totals';
import type { LimitTripped } from '../limits/limit-tripped';
import { HeldTotals } from '../limits/held-totals';
import type { QueuedTotals } from '../limits/queued-totals';
import type { TokenGuard } from './token-guard';
import type { ServerSettings } from '../options';
import { hashToken, rotate, type TokenPair } from './resume-token';
import { SessionCore, type SessionHost } from '../session/session-core';
import type { Attachment } from '../session/results/session-outlet';
import type { SessionRegistry } from './session-registry';

/** A connection that a session can be opened on. */
export interface OpeningConnection extends Attachment {
  /** The client has announced itself. */
  announce(): void;
  /** Whether it may have another session. */
  admitsSession(): boolean;
  /** Sends SESSION_OPEN_ACK. */
  answerOpen(ack: Packet, verdict: 'accepted' | 'refused'): void;
  /** A resume token was wrong. To be called last: it may be once too often. */
  tokenFailed(sessionId: number): void;
  /** The session's packets go to it from now on. */
  adopt(core: SessionCore): void;
}

export interface OpenerHost {
  readonly settings: ServerSettings;
  readonly registry: SessionRegistry;
  readonly scheduler: SchedulerLike;
  /** Of submits that wait, over all sessions. */
  readonly queued: QueuedTotals;
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

  constructor(private readonly host: OpenerHost) {
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
    if (extension !== undefined) connection.announce();
    const proof: ResumeProof = {
      token: blocks.resumeToken,
      receivedResults: extension?.receivedResults,
      resumeAttempt: extension?.resumeAttempt,
    };
    const opening: Opening = { open, proof, extension, connection };
    const errorCode =
      checkOpen(open, settings) ||
      (connection.admitsSession() ? SessionErrorCode.None : SessionErrorCode.SessionLimitReached);
    if (errorCode !== SessionErrorCode.None) {
      this.answer(opening, { status: SessionStatus.Rejected, errorCode });
      return undefined;
    }
    const { peer, kind, identity } = connection.transport;
    const { auth, extension: extensionBlock } = blocks;
    const request = { open, auth, extension: extensionBlock, peer, transport: kind, identity };
    const policyFailed = (error: unknown): void => {
      this.host.failed(callbackFailed('the policy', open, error));
    };
    return askPolicy(request, settings.policy, policyFailed).subscribe({
      next: (code) => {
        this.decide(opening, code);
      },
      error: (error: unknown) => {
        policyFailed(error);
        this.decide(opening, SessionErrorCode.AuthFailed);
      },
    });
  }

  private decide(opening: Opening, policyCode: number): void {
    const { open, proof } = opening;
    const { settings, registry } = this.host;
    if (policyCode !== SessionErrorCode.None) {
      this.answer(opening, { status: SessionStatus.Rejected, errorCode: policyCode });
    } else if (this.host.isFull()) {
      this.answer(opening, { status: SessionStatus.RetryLater, errorCode: SessionErrorCode.None });
    } else {
      try {
        const isGuessed = this.isGuessed(opening);
        // Judged all the same, with a token that no session has: it takes as long, and is answered alike.
        const verdict = judgeRecovery(open, isGuessed ? NO_PROOF : proof, settings, registry);
        this.answer(opening, verdict);
        if (settings.resume === 'token' && isWrongToken(verdict)) this.tokenFailed(opening, isGuessed);
      } catch (error) {
        // Only the store runs code of others here.
        this.host.failed(callbackFailed('the session store', open, error));
        this.answer(opening, { status: SessionStatus.Rejected, errorCode: SessionErrorCode.ResumeRejected });
      }
    }
  }

  /** Whether a token comes from where too many were wrong: then it is not looked at. */
  private isGuessed({ open, connection }: Opening): boolean {
    const { settings, tokens } = this.host;
    if (settings.resume !== 'token' || open.resumeTokenBytes === 0) return false;
    const { peer } = connection.transport;
    const observed = tokens.excessOf(peer);
    if (observed === undefined) return false;
    this.host.limitTripped({
      limit: 'addressTokenFailures',
      peer,
      sessionId: open.requestedSessionId,
      allowed: settings.limits.addressTokenFailures.burst,
      observed,
      consequence: 'refused',
    });
    return true;
  }

  private tokenFailed({ open, connection }: Opening, isGuessed: boolean): void {
    // What was not looked at was not wrong.
    if (!isGuessed) this.host.tokens.failed(connection.transport.peer);
    connection.tokenFailed(open.requestedSessionId);
  }

  private answer(opening: Opening, verdict: OpenVerdict): void {
    switch (verdict.status) {
      case SessionStatus.Rejected:
      case SessionStatus.RetryLater:
        this.sendAck(opening, verdict, EMPTY, undefined);
        return;
      case SessionStatus.Opened:
        this.start(opening, verdict);
        return;
      case SessionStatus.Resumed:
        if (verdict.core === undefined) this.start(opening, verdict);
        else this.resume(opening, verdict, verdict.core);
    }
  }

  private start(opening: Opening, verdict: Extract<OpenVerdict, { readonly sessionId: number }>): void {
    const { open, connection } = opening;
    const { settings, registry } = this.host;
    // Resuming by id, whoever had the session is superseded.
    registry.get(verdict.sessionId)?.core?.end('disconnected', 'closed');
    const isResumable = settings.resume === 'token' && wantsResume(open);
    const token = isResumable ? settings.randomBytes(settings.resumeTokenBytes) : EMPTY;
    if (isResumable) this.keepTokens(verdict.sessionId, { current: hashToken(token), previous: undefined });
    const ack = this.sendAck(opening, verdict, token, 0);
    const core = new SessionCore(this.sessionHost, open, ack, connection, isResumable);
    core.understandsHolds = opening.extension?.holdsOperations === true;
    registry.set(core);
    connection.adopt(core);
    this.host.sessionOpened(core);
  }

  private resume(
    opening: Opening,
    verdict: Extract<OpenVerdict, { readonly tokens: TokenPair }>,
    core: SessionCore,
  ): void {
    const { settings } = this.host;
    const token = settings.randomBytes(settings.resumeTokenBytes);
    this.keepTokens(core.sessionId, rotate(verdict.tokens, verdict.used, token));
    core.leave();
    this.sendAck(opening, verdict, token, core.operations.lastOperationId);
    opening.connection.adopt(core);
    core.recovery.resume(opening.connection, opening.extension);
  }

  private keepTokens(sessionId: number, tokens: TokenPair): void {
    this.host.settings.store.set({ sessionId, tokens });
  }

  /** The client has the current token: the one before it is of no more use. */
  private confirmTokens(sessionId: number): void {
    const { store } = this.host.settings;
    const tokens = store.get(sessionId)?.tokens;
    if (tokens?.previous !== undefined) store.set({ sessionId, tokens: { ...tokens, previous: undefined } });
  }

  /** A store that fails costs neither the packet nor the connection that it was asked for. */
  private guardStore(open: SessionOpenMetadata, use: () => void): void {
    try {
      use();
    } catch (error) {
      this.host.failed(callbackFailed('the session store', open, error));
    }
  }

  private sendAck(
    { open, extension, connection }: Opening,
    verdict: OpenVerdict,
    token: Uint8Array,
    lastOperationId: number | undefined,
  ): SessionOpenAckMetadata {
    const { settings } = this.host;
    const block =
      extension === undefined || lastOperationId === undefined
        ? EMPTY
        : encodeSessionExtension({
            lastOperationId,
            ...(extension.holdsOperations && { holdsOperations: true }),
          });
    // The 3.2 runtime announces token bytes and sends none; by id, so does this server.
    const isByIdResumable = settings.resume === 'by-id' && lastOperationId !== undefined && wantsResume(open);
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

  /** One for all sessions. */
  private makeSessionHost(): SessionHost {
    const { settings, scheduler, registry } = this.host;
    return {
      settings,
      scheduler,
      detached: new DetachedTotals(settings.limits),
      queued: this.host.queued,
      held: new HeldTotals(settings.limits),
      limitTripped: (tripped) => {
        this.host.limitTripped(tripped);
      },
      failed: (error) => {
        this.host.failed(error);
      },
      confirmed: (core) => {
        this.guardStore(core.open, () => {
          this.confirmTokens(core.sessionId);
        });
      },
      ended: (core, end) => {
        if (core.isResumable) {
          this.guardStore(core.open, () => {
            settings.store.delete(core.sessionId);
          });
        }
        const isNamed = settings.resume === 'by-id' && core.granted.resumeTokenBytes > 0;
        if (isNamed && end === 'disconnected') registry.park(core, settings.resumeWindowMs, scheduler);
        else registry.delete(core);
      },
    };
  }
}

const NO_PROOF: ResumeProof = { token: EMPTY, receivedResults: undefined };

function isWrongToken(verdict: OpenVerdict): boolean {
  return verdict.status === SessionStatus.Rejected && verdict.errorCode === SessionErrorCode.ResumeRejected;
}

function callbackFailed(who: string, open: SessionOpenMetadata, cause: unknown): RuntimeError {
  const message = `${who} failed for a SESSION_OPEN of session ${open.requestedSessionId}: ${describeError(cause)}`;
  return new RuntimeError('internal', message, { reach: 'session', origin: 'application', cause });
}
