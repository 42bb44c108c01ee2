import { catchError, defer, from, map, of, switchMap, type Observable } from 'rxjs';
import { encodeSessionExtension } from '../../protocol/session/session-extension';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import { onEach } from '../../transport/on-each';
import { REVISIONS } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import {
  SessionOpenAckMetadata,
  type SessionOpenMetadata,
  SessionStatus,
} from '../../wire/messages/session-open';
import { EMPTY, packet, type Packet } from '../../wire/packet';
import { isResumeAttempt } from '../../protocol/session/recovery';
import type { HeldSubject } from '../held-subject';
import type { RelayedSession, RelayingConnection } from '../relay/relayed-session';
import { SessionTaker } from '../log/session-taker';
import type { Found, LostPlace } from '../relay/session-finder';
import type { ServerContext } from '../server-context';
import { authExpired, closeSession } from '../session/messages/close';
import type { HandOver } from '../session/results/hand-over';
import { ServedSession } from '../session/served-session';
import type { ServerSession } from '../session/session';
import { SessionClaim, type ClientClaim } from '../session/session-claim';
import { SessionCore } from '../session/session-core';
import { IDLE_ENDING } from '../session/session-terms';
import { whenIdle } from './when-idle';
import { acceptanceBlock } from './acceptance-block';
import { askPolicy, type Decision } from './ask-policy';
import { areSeconds, inSeconds, timeIsOver } from './expiry';
import {
  beginsAnew,
  checkOpen,
  judgeRecovery,
  openAck,
  wantsResume,
  type OpenRefusal,
  type OpenVerdict,
} from './judge-open';
import { policyRequest, takesUp, wordsFor, type Opening } from './opening';
import type { Acceptance } from './policy';
import { LATER, noRoom, RESUME_REFUSED } from './refusals';
import { referenceDiagnostic } from './reference-diagnostic';
import { hashToken, matchToken, rotate, type SessionTokens } from './resume-token';
import type { SessionRegistry } from './session-registry';
import { TokenGuard } from './token-guard';
import { TokenMint } from './token-mint';

/** The answer to a SESSION_OPEN: the ack, and what its connection is to do besides sending it. */
export type OpenAnswer = {
  readonly ack: Packet;
  /** Whether the policy has accepted the client: it is no stranger, also where it gets no session. */
  readonly isAccepted: boolean;
} & (
  | {
      readonly kind: 'refused';
      /** A resume token was a guess; `ofAddress` are those from its address, where that is too often. */
      readonly guess?: { readonly sessionId: number; readonly ofAddress: number | undefined };
    }
  /** The session's packets go to the connection from now on. */
  | { readonly kind: 'opened'; readonly core: SessionCore }
  | { readonly kind: 'resumed'; readonly core: SessionCore; readonly handOver: HandOver | undefined }
  /** They go to another node. */
  | { readonly kind: 'relayed'; readonly core: RelayedSession; readonly begin: () => void }
);

type Refused = Extract<OpenAnswer, { readonly kind: 'refused' }>;

/**
 * Judges SESSION_OPENs, and makes sessions of those that are accepted (protocol section 9): the server's checks, the
 * policy, then recovery. What it says is for the connection to do.
 *
 *   readOpening ─▶ judge ─▶ refused
 *                    ├────▶ opened ──▶ begin
 *                    └────▶ resumed ─▶ begin
 */
export class SessionOpener {
  private readonly mint: TokenMint;
  /** Guesses at tokens, by the address that they come from. */
  private readonly guesses: TokenGuard;
  private readonly taker: SessionTaker;
  private isClosed = false;

  constructor(
    private readonly server: ServerContext,
    private readonly registry: SessionRegistry<SessionCore>,
    /** Sessions for the application. */
    private readonly sessions: HeldSubject<ServerSession>,
  ) {
    const { randomBytes, resumeTokenBytes, tokenKey, limits } = server.settings;
    this.mint = new TokenMint(randomBytes, resumeTokenBytes, tokenKey);
    this.taker = new SessionTaker(server, registry, this.freshToken, (core) => this.adopt(core));
    this.guesses = new TokenGuard(limits.addressTokenFailures, () => server.scheduler.now());
  }

  /** Opens no new sessions any more; those that there are may be taken up. */
  close(): void {
    this.isClosed = true;
  }

  /**
   * Judges an open, once, now or when the policy has decided; unsubscribing forgets it. `hasRoom` says whether its
   * connection may have another session, and is asked where nothing else speaks against it. A session that is not
   * here is looked for at the other nodes of the cluster.
   */
  judge(
    opening: Opening,
    hasRoom: () => boolean,
    relaying: () => RelayingConnection,
  ): Observable<OpenAnswer> {
    const { node } = this.server;
    if (node === undefined) return this.judgeHere(opening, hasRoom);
    if (this.taker.mustAsk(opening)) return of(this.refused(opening, LATER.notAsked, false));
    if (!this.mayBeElsewhere(opening)) {
      return node.ids.ready$.pipe(switchMap(() => this.judgeHere(opening, hasRoom)));
    }
    if (!hasRoom()) return of(this.refused(opening, noRoom(this.server.settings), false));
    return node.finder
      .find(opening.open, opening.body, relaying())
      .pipe(switchMap((found) => this.found(found, opening, hasRoom)));
  }

  /** As {@link judge}, of a session that is this node's, as another says whose client has come for it. */
  judgeOwned(opening: Opening): Observable<OpenAnswer> {
    const { node } = this.server;
    const hasRoom = (): boolean => true;
    if (this.taker.mustAsk(opening)) return of(this.refused(opening, LATER.notAsked, false));
    if (node?.log === undefined || !this.mayBeElsewhere(opening)) return this.judgeHere(opening, hasRoom);
    return node.finder.findLost(opening.open.requestedSessionId).pipe(
      switchMap((lost) => (lost ? this.takeOver(lost, opening, hasRoom) : this.judgeHere(opening, hasRoom))),
      catchError(() => of(this.refused(opening, LATER.storeDown, false))),
    );
  }

  /** As {@link judge}, of a session that is here or nowhere. */
  judgeHere(opening: Opening, hasRoom: () => boolean): Observable<OpenAnswer> {
    const { settings, scheduler } = this.server;
    const refusal = checkOpen(opening.open, settings) ?? (hasRoom() ? undefined : noRoom(settings));
    if (refusal !== undefined) return of(this.refused(opening, refusal, false));
    const asked$ = askPolicy(policyRequest(opening), {
      policy: settings.policy,
      scheduler,
      timeoutMs: settings.limits.handshakeMs,
      failed: (cause) => {
        this.failed('the policy', wordsFor(opening), cause);
      },
    });
    return asked$.pipe(map((decision) => this.answerTo(opening, decision)));
  }

  /** The ack of a session is out, and the connection has the session: it begins, or goes on. */
  begin(answer: Exclude<OpenAnswer, Refused>, opening: Opening): void {
    if (answer.kind === 'relayed') answer.begin();
    else if (answer.kind === 'opened') this.sessions.next(new ServedSession(answer.core));
    else {
      const { core, handOver } = answer;
      core.resume(opening.connection, opening.extension, handOver);
      if (this.taker.isBack(core)) this.sessions.next(new ServedSession(core));
    }
  }

  /** Whether a client comes back, with a token of this cluster's, for a session that is not here, and that other nodes find. */
  private mayBeElsewhere({ open, proof }: Opening): boolean {
    if (!isResumeAttempt(open) || !this.mint.knows(proof.token)) return false;
    if (this.server.node?.ids.isReserved(open.requestedSessionId) !== true) return false;
    const tokens = this.registry.get(open.requestedSessionId)?.core?.claim.tokens;
    return matchToken(proof.token, tokens) === undefined;
  }

  private found(found: Found, opening: Opening, hasRoom: () => boolean): Observable<OpenAnswer> {
    switch (found.kind) {
      case 'nowhere':
        return this.judgeHere(opening, hasRoom);
      case 'lost':
        return this.takeOver(found, opening, hasRoom);
      case 'later':
        return of(this.refused(opening, LATER.nodeAway, false));
      case 'relayed': {
        const { begin, session: core } = found;
        const { ack, isAccepted, revision, isCertain } = found.answer;
        opening.connection.takesUp(REVISIONS[revision], { isCertain });
        core.comesBack = opening.extension?.comesBack === true;
        return of({ kind: 'relayed', ack, isAccepted, core, begin });
      }
      case 'refused': {
        const { ack, isAccepted, isGuess } = found.answer;
        return of({ kind: 'refused', ack, isAccepted, ...this.guess(opening, isGuess) });
      }
    }
  }

  /** Takes a session over whose node is gone, and judges it as one that is here. */
  private takeOver(lost: LostPlace, opening: Opening, hasRoom: () => boolean): Observable<OpenAnswer> {
    const refused = (why: OpenRefusal): Observable<OpenAnswer> => of(this.refused(opening, why, false));
    const { whyNone } = this;
    if (whyNone !== undefined) return refused(whyNone);
    return defer(() => from(this.taker.take(lost, opening))).pipe(
      switchMap((become) => (become === 'judge' ? this.judgeHere(opening, hasRoom) : refused(become))),
      catchError(() => refused(LATER.storeDown)),
    );
  }

  /** Counts a resume that was refused, if it was a guess. */
  private guess({ open, connection }: Opening, isGuess: boolean): Pick<Refused, 'guess'> {
    const ofAddress = this.guesses.judge(connection.transport.peer, isGuess);
    return isGuess ? { guess: { sessionId: open.requestedSessionId, ofAddress } } : {};
  }

  /** Whatever goes wrong costs this open: nobody is above who could be told. */
  private answerTo(opening: Opening, decision: Decision): OpenAnswer {
    try {
      return this.answer(opening, decision);
    } catch (error) {
      this.failed('what follows the policy', wordsFor(opening), error);
      return this.refused(opening, LATER.failed, false);
    }
  }

  private answer(opening: Opening, decision: Decision): OpenAnswer {
    const { open, proof } = opening;
    const { settings } = this.server;
    if (decision.kind === 'refused') {
      const { errorCode, text } = decision;
      return this.refused(opening, { status: SessionStatus.Rejected, errorCode, text }, false);
    }
    if (decision.kind === 'later') return this.refused(opening, LATER[decision.why], false);
    if (this.isFull) return this.refused(opening, LATER.tooManyWait, false);
    if (this.taker.mustAsk(opening)) return this.refused(opening, LATER.notAsked, false);
    const { auth } = opening.blocks;
    const { identity } = opening.connection.transport;
    const shown = { auth: auth.length === 0 ? EMPTY : auth.slice(), identity };
    const acceptance = { ...decision.acceptance, ...shown };
    const { expiresAt = Infinity } = acceptance;
    const now = settings.wallClock.now();
    if (now >= expiresAt) {
      if (areSeconds(expiresAt, now)) this.failed('the policy', wordsFor(opening), inSeconds(expiresAt));
      return this.refused(opening, timeIsOver(expiresAt), false);
    }
    const verdict = judgeRecovery(open, proof, settings, this.registry);
    const whyNone = this.whyNone ?? this.whyNotFound(open, verdict);
    if (whyNone !== undefined && (beginsAnew(verdict) || !this.knows(open))) {
      return this.refused(opening, whyNone, false);
    }
    // Asked for every token, so that all take as long.
    const isOurs = this.mint.knows(proof.token);
    switch (verdict.status) {
      case SessionStatus.Rejected:
      case SessionStatus.RetryLater:
        return this.refused(opening, verdict, true, isOurs);
      case SessionStatus.Opened:
        return this.start(opening, verdict, acceptance);
      case SessionStatus.Resumed:
        // Answered like a wrong token, and no guess: the token was right.
        if (this.isForeign(verdict.sessionId, acceptance) || !takesUp(opening.connection, verdict.core)) {
          return this.refused(opening, RESUME_REFUSED, true);
        }
        if (verdict.core === undefined) return this.start(opening, verdict, acceptance);
        return this.resume(opening, verdict, verdict.core, acceptance);
    }
  }

  /** Whether it can say of a session that there is none: alone, it knows nothing of the servers beside it. */
  private knows({ requestedSessionId }: SessionOpenMetadata): boolean {
    return this.server.node !== undefined || this.registry.get(requestedSessionId) !== undefined;
  }

  /** Why it opens no new sessions, where it does not. */
  private get whyNone(): OpenRefusal | undefined {
    const { node, settings } = this.server;
    if (this.isClosed) return LATER.shuttingDown;
    return settings.storeDown === 'refuse' && node?.isUp === false ? LATER.storeDown : undefined;
  }

  /** Why it opens none by an id of its own that no other node would find, where it does not. */
  private whyNotFound(open: SessionOpenMetadata, verdict: OpenVerdict): OpenRefusal | undefined {
    if (open.requestedSessionId !== 0 || verdict.status !== SessionStatus.Opened) return undefined;
    const { node, settings } = this.server;
    const isFound = settings.storeDown === 'degrade' || node?.ids.isReserved(verdict.sessionId) !== false;
    return isFound ? undefined : LATER.noIds;
  }

  /** Whether nobody takes the sessions that there are. */
  private get isFull(): boolean {
    return this.sessions.heldCount >= MAX_HELD_SESSIONS;
  }

  /** Whether a session is somebody else's, as far as policies have said whose it is. */
  private isForeign(sessionId: number, { owner }: Acceptance): boolean {
    const known = this.registry.get(sessionId)?.owner;
    return known !== undefined && known !== owner;
  }

  /** `isOurs` says of a resume token whether it may be one of this server's. */
  private refused(opening: Opening, verdict: OpenRefusal, isAccepted: boolean, isOurs?: boolean): OpenAnswer {
    const { open } = opening;
    const { ack } = this.ack(opening, verdict, EMPTY, this.refusalBlock(opening, verdict));
    if (isOurs === undefined || verdict.status !== SessionStatus.Rejected || !isResumeAttempt(open)) {
      return { kind: 'refused', ack, isAccepted };
    }
    const isGuess = isOurs && verdict.isWrongToken === true;
    return { kind: 'refused', ack, isAccepted, ...this.guess(opening, isGuess) };
  }

  private start(
    opening: Opening,
    verdict: Extract<OpenVerdict, { readonly sessionId: number }>,
    acceptance: ClientClaim,
  ): OpenAnswer {
    const { open, connection, extension } = opening;
    const { server, registry } = this;
    const { settings, scheduler } = server;
    const isResumable = settings.resume === 'token' && wantsResume(open, settings);
    const token = isResumable ? this.freshToken(open.requestedSessionId) : EMPTY;
    // Resuming by id, whoever had the session is superseded.
    registry.get(verdict.sessionId)?.core?.end('disconnected', 'closed');
    const { ack, granted } = this.ack(opening, verdict, token, acceptanceBlock(opening, 0));
    const tokens = isResumable ? { current: hashToken(token), previous: undefined, former: [] } : undefined;
    const claim = new SessionClaim(tokens, acceptance, { wallClock: settings.wallClock, scheduler });
    const core = new SessionCore(server, open, granted, connection, claim, extension);
    this.adopt(core);
    this.taker.log(core);
    return { kind: 'opened', ack, isAccepted: true, core };
  }

  /** A session is this server's. */
  private adopt(core: SessionCore): void {
    const { settings, scheduler } = this.server;
    core.claim.watch(() => authExpired(core));
    const { idleTimeoutMs } = settings;
    if (idleTimeoutMs > 0) {
      const close = (): void => void closeSession(core, IDLE_ENDING);
      core.own(onEach(whenIdle(core, idleTimeoutMs, scheduler), close));
    }
    this.registry.set(core);
  }

  private resume(
    opening: Opening,
    verdict: Extract<OpenVerdict, { readonly tokens: SessionTokens }>,
    core: SessionCore,
    acceptance: ClientClaim,
  ): OpenAnswer {
    const token = core.outlet.log?.takeToken() ?? this.freshToken(core.sessionId);
    const { used, handOver } = verdict;
    const by = handOver === undefined ? 'client' : 'ticket';
    core.claim.renew(rotate(verdict.tokens, used, token, by), acceptance, by);
    core.leave(by);
    if (used === 'previous') core.outlet.spare();
    const block = acceptanceBlock(opening, core.operations.lastOperationId, handOver);
    const { ack } = this.ack(opening, verdict, token, block);
    return { kind: 'resumed', ack, isAccepted: true, core, handOver };
  }

  private readonly freshToken = (sessionId: number): Uint8Array =>
    this.mint.make((cause) => {
      this.failed('randomBytes', `a SESSION_OPEN of session ${sessionId}`, cause);
    });

  /** SESSION_OPEN_ACK. */
  private ack(
    { open }: Opening,
    verdict: OpenVerdict,
    token: Uint8Array,
    block: Uint8Array,
  ): { readonly ack: Packet; readonly granted: SessionOpenAckMetadata } {
    const { settings } = this.server;
    // The 3.2 runtime announces token bytes and sends none; by id, so does this server.
    const isByIdResumable = settings.resume === 'by-id' && isAccepted(verdict) && wantsResume(open, settings);
    const granted = openAck(open, verdict, settings, {
      resumeTokenBytes: isByIdResumable ? settings.resumeTokenBytes : token.length,
      sessionExtensionBytes: block.length,
    });
    const body = new Uint8Array(token.length + block.length);
    body.set(token);
    body.set(block, token.length);
    const header = { messageType: MessageType.SessionOpenAck, sessionId: granted.sessionId };
    return { ack: packet(header, SessionOpenAckMetadata.encode(granted), body), granted };
  }

  /** Why an open is refused, for clients that have said that they take a text, and in preview4 for all. */
  private refusalBlock({ open, extension, connection }: Opening, refusal: OpenRefusal): Uint8Array {
    if (connection.isReference) return referenceDiagnostic(refusal, open, this.server.settings);
    const { text: refusalText = '' } = refusal;
    const isTaken = extension?.takesRefusalText === true && refusalText !== '';
    return isTaken ? encodeSessionExtension({ refusalText }) : EMPTY;
  }

  private failed(who: string, what: string, cause: unknown): void {
    const message = `${who} failed for ${what}: ${describeError(cause)}`;
    this.server.reports.failures.next(
      new RuntimeError('internal', message, { reach: 'session', origin: 'application', cause }),
    );
  }
}

/** Sessions that wait for somebody to subscribe to `sessions$`; past them, opens are told to come later. */
const MAX_HELD_SESSIONS = 1024;

function isAccepted({ status }: OpenVerdict): boolean {
  return status === SessionStatus.Opened || status === SessionStatus.Resumed;
}
