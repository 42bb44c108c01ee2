import { isResumeAttempt } from '../../protocol/session/recovery';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import { ownToken, takenFrom, type OpenRefusal } from '../opening/judge-open';
import { LATER } from '../opening/refusals';
import { hashToken } from '../opening/resume-token';
import type { SessionRegistry } from '../opening/session-registry';
import type { Opening } from '../opening/opening';
import type { LostPlace } from '../relay/session-finder';
import type { ServerContext } from '../server-context';
import type { SessionCore } from '../session/session-core';
import { LoggedSession } from './logged-session';
import { decodeTokens, encodeTokens, tokensOf } from './session-record';
import { takenSession } from './taken-session';

/** Takes over sessions whose node is gone. */
export class SessionTaker {
  /** Those that their application has not been given. */
  private readonly unserved = new WeakSet<SessionCore>();
  /** What is under way, by session. */
  private readonly takes = new Map<number, Promise<unknown>>();

  constructor(
    private readonly server: ServerContext,
    private readonly registry: SessionRegistry<SessionCore>,
    private readonly makeToken: (sessionId: number) => Uint8Array,
    /** It is judged like any other from now on. */
    private readonly adopt: (core: SessionCore) => void,
  ) {}

  /**
   * Has a new session logged, where nodes that come after this one could find it. An id that its client has chosen may be
   * that of another node's session.
   */
  log(core: SessionCore): void {
    const writer = this.server.node?.log;
    const isOwn = core.open.requestedSessionId === 0;
    const isFound = isOwn && this.server.node?.ids.isReserved(core.sessionId) === true;
    if (writer === undefined || !core.isResumable || !isFound || core.outlet.current?.isAnnounced !== true)
      return;
    core.outlet.log = new LoggedSession(core, writer, 1, this.makeToken);
    writer.add(core.outlet.log);
  }

  /**
   * Takes a session over for the client that has come for it. Resolves with 'judge' where it can be judged now: it is here,
   * or the client has shown no token of its own; else with what the client is told. One from which another has taken the
   * session takes nothing: that would go on as this client last knew it. Goes on where the client does not wait: the session
   * would be nobody's. Of two clients the second finds it here: a session that is taken is not taken from the first.
   */
  async take(lost: LostPlace, opening: Opening): Promise<'judge' | OpenRefusal> {
    const { takes } = this;
    const { requestedSessionId: sessionId } = opening.open;
    for (let other = takes.get(sessionId); other !== undefined; other = takes.get(sessionId)) {
      await Promise.allSettled([other]);
    }
    const taking = this.takeAlone(lost, opening);
    takes.set(sessionId, taking);
    try {
      return await taking;
    } finally {
      takes.delete(sessionId);
    }
  }

  private async takeAlone({ from, tokens }: LostPlace, opening: Opening): Promise<'judge' | OpenRefusal> {
    const node = this.server.node;
    const log = node?.log;
    const { proof, open } = opening;
    const { requestedSessionId: sessionId } = open;
    const logged = decodeTokens(tokens);
    const shown = tokensOf(proof.token, logged);
    if (node === undefined || log === undefined || shown === undefined) return 'judge';
    // What is here knows better than the log which tokens are of use.
    if (this.epochHere(sessionId) >= from.epoch) return 'judge';
    const { isTakenOver } = logged;
    if (ownToken(proof, shown.used, isTakenOver) === undefined) return takenFrom(proof);
    const nextToken = this.makeToken(sessionId);
    const kept = encodeTokens({ ...shown.tokens, next: hashToken(nextToken), isTakenOver });
    const stored = await log.takeOver(sessionId, from, kept);
    if (stored === undefined) return LATER.storeDown;
    // As it was here before another node took it, or of a client that has chosen the id.
    const superseded = this.registry.get(sessionId)?.core;
    superseded?.outlet.log?.letGo();
    superseded?.superseded();
    try {
      const { last, updates, epoch } = stored;
      const bytes = stored.results.reduce((sum, { packets }) => sum + packets.length, 0);
      const core = takenSession({
        stored,
        claim: { tokens: shown.tokens, isTakenOver },
        opening,
        server: this.server,
        log: (core, since) =>
          new LoggedSession(core, log, epoch, this.makeToken, { last, bytes, updates, nextToken, since }),
      });
      node.keepRange(sessionId);
      // There was no room for one more that waits.
      if (core.phase === 'over') return 'judge';
      if (core.outlet.log !== undefined) log.add(core.outlet.log);
      this.unserved.add(core);
      this.adopt(core);
    } catch (cause) {
      const message = `session ${sessionId} cannot be taken over as it was logged: ${describeError(cause)}`;
      this.server.reports.failures.next(
        new RuntimeError('internal', message, { reach: 'session', origin: 'peer', cause }),
      );
    }
    return 'judge';
  }

  /** Whether a client comes back for a session that is here, and may be another node's by now. */
  mustAsk({ open }: Opening): boolean {
    const logged = this.registry.get(open.requestedSessionId)?.core?.outlet.log;
    return logged !== undefined && isResumeAttempt(open) && this.server.node?.log?.isSuspect(logged) === true;
  }

  /** The epoch of a session that is here, and logged. */
  private epochHere(sessionId: number): number {
    const core = this.registry.get(sessionId)?.core;
    return core === undefined || core.phase === 'over' ? -Infinity : (core.outlet.log?.epoch ?? -Infinity);
  }

  /** Its client is back; whether the application is to be given it. */
  isBack(core: SessionCore): boolean {
    core.lost?.tell();
    return this.unserved.delete(core);
  }
}
