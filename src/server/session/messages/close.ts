import { lastValueFrom, take } from 'rxjs';
import { unexpectedMessage } from '../../../protocol/runtime-error';
import { acceptsOperations, afterClose, afterCloseAck } from '../../../protocol/session/session-lifecycle';
import { onEach } from '../../../transport/on-each';
import { afterReading } from '../../../transport/time/after-reading';
import type { MessageOf } from '../../../wire/message';
import type { MessageType } from '../../../wire/message-type';
import { CloseReason, CloseStatus, InFlightPolicy } from '../../../wire/messages/session-close';
import type { SessionCore } from '../session-core';
import { notOpen, REFUSED, REVOKED_ENDING, type SessionEnding, type Toll } from '../session-terms';

/**
 * Milliseconds that an announced client has, where the server shuts down and no operation is left, to say that
 * it has everything: a live one says so at once. Of a dead one that may lack results the connection is cut then, that it
 * comes back for them within the grace; of another the session is over.
 */
const LAST_ACK_MS = 1000;

/**
 * Asks for the end, operations in flight drained or aborted; resolves when the session is over. An announced client
 * says when it has all that it waits for; another one is not told, as its runtime would not expect it, and the
 * session ends with its last operation. Rejects with an `NnrpError` where the ending cannot be said; then nothing
 * has changed.
 */
export async function closeSession(session: SessionCore, ending: SessionEnding): Promise<void> {
  const over = lastValueFrom(session.connectivity.state$, { defaultValue: undefined });
  ask(session, ending);
  await over;
}

/** What the policy has accepted has run out: the client shows something newer, or the session is over. */
export function authExpired(session: SessionCore): void {
  // It waits, and its connection goes on.
  if (session.awaitAuth()) session.outlet.spare();
  else void closeSession(session, REVOKED_ENDING);
}

/** SESSION_CLOSE: the client asks for the end. */
export function onClose(session: SessionCore, close: MessageOf<typeof MessageType.SessionClose>): void {
  const { sessionId, operations, sender } = session;
  // Closes that have crossed are one: the client's says how long its operations may take.
  if (session.asked === undefined) session.state = afterClose(session.state, sessionId);
  session.streams.emit('closes', close);
  const { inFlightPolicy, drainTimeoutMs } = close.metadata;
  if (inFlightPolicy === InFlightPolicy.Abort || drainTimeoutMs === 0 || operations.isIdle) {
    answer(session);
    return;
  }
  session.state = afterCloseAck(session.state, CloseStatus.Draining, sessionId);
  sender.closeAck(CloseStatus.Draining, operations.lastOperationId);
  // What has not started by now never will: only what is with the application may finish.
  operations.endQueued('closed');
  if (operations.isIdle) answer(session);
  else drainFor(session, 'answers', drainTimeoutMs);
}

/** SESSION_CLOSE_ACK: the answer to a close of this side's. */
export function onCloseAck(
  session: SessionCore,
  { metadata }: MessageOf<typeof MessageType.SessionCloseAck>,
): void {
  // Nor may the client answer a close of its own, and open the session again by rejecting it.
  if (session.asked === undefined || acceptsOperations(session.state)) {
    throw unexpectedMessage('server received SESSION_CLOSE_ACK that it did not ask for');
  }
  session.state = afterCloseAck(session.state, metadata.closeStatus, session.sessionId);
  session.lateAcks = 1;
  if (metadata.closeStatus === CloseStatus.Closed) end(session);
}

/** A submit came after SESSION_CLOSE: its client could not know, as far as it had credit. */
export function submitCrossed(session: SessionCore, frameId: number): Toll | undefined {
  if (session.asked === undefined) throw notOpen(session);
  // A client that comes back has its answer, and sends it no more.
  session.operations.noteRefused(frameId);
  session.sender.dropUnheard(frameId);
  session.crossed += 1;
  return session.crossed > session.granted.grantedOperationCredit ? REFUSED : undefined;
}

function ask(session: SessionCore, ending: SessionEnding): void {
  const { outlet, operations } = session;
  const { current } = outlet;
  const word = session.sender.closePacket(ending, operations.lastOperationId);
  if (!acceptsOperations(session.state)) {
    hasten(session, ending);
    return;
  }
  session.asked = ending;
  session.state = afterClose(session.state, session.sessionId);
  const isAbort = ending.inFlightPolicy === InFlightPolicy.Abort;
  if (current?.isAnnounced === true || isAbort) outlet.send(word);
  if (isAbort || current === undefined) {
    end(session);
    return;
  }
  operations.endQueued('closed');
  if (current.isAnnounced) awaitAnswer(session, ending);
  else if (operations.isIdle) end(session);
  else drainFor(session, 'drains', ending.drainTimeoutMs);
}

/** The client knows that the session is to end, and says when it has everything. */
function awaitAnswer(session: SessionCore, { drainTimeoutMs, closeReason }: SessionEnding): void {
  const { operations } = session;
  session.phase = 'asked';
  session.lateAcks = 2;
  finishIn(session, drainTimeoutMs);
  if (closeReason !== CloseReason.ServerShutdown) return;
  if (operations.isIdle) awaitAck(session);
  else {
    const idle$ = operations.whenIdle().pipe(take(1));
    session.ownEnding(session.own(onEach(idle$, () => awaitAck(session))));
  }
}

/** Gives the client time to answer, which begins once it has taken all that was sent. */
function awaitAck(session: SessionCore): void {
  later(session, LAST_ACK_MS, () => {
    const { current } = session.outlet;
    // What is taken of a connection that another node has is told from time to time: that node looks for itself.
    const isTaken = current === undefined || current.isRelayed || current.transport.queuedBytes === 0;
    if (isTaken) unanswered(session, { isLast: false });
    else awaitAck(session);
  });
}

/** Lets operations finish, for so long at most. */
function drainFor(session: SessionCore, phase: 'drains' | 'answers', timeoutMs: number): void {
  session.phase = phase;
  finishIn(session, timeoutMs);
  session.ownEnding(session.own(onEach(session.operations.whenIdle(), finisher(session))));
}

/** A close that is under way gets no more time than another one allows. */
function hasten(session: SessionCore, ending: SessionEnding): void {
  // What an application asks for stands, though the server has asked for the end before.
  if (session.asked !== undefined && ending.closeReason !== CloseReason.ServerShutdown)
    session.asked = ending;
  const cut = (): void => {
    cutShort(session, ending);
  };
  if (ending.inFlightPolicy === InFlightPolicy.Abort) cut();
  else later(session, ending.drainTimeoutMs, cut);
}

/** Ends a session before the time that its client was told, or without a word to it before. */
function cutShort(session: SessionCore, ending: SessionEnding): void {
  const { outlet, operations, sender, phase } = session;
  if (phase === 'answers') {
    answer(session);
    return;
  }
  const abort = { ...ending, inFlightPolicy: InFlightPolicy.Abort, drainTimeoutMs: 0 };
  outlet.send(sender.closePacket(abort, operations.lastOperationId));
  end(session);
}

function finishIn(session: SessionCore, timeoutMs: number): void {
  later(session, timeoutMs, finisher(session));
}

function later(session: SessionCore, ms: number, work: () => void): void {
  session.ownEnding(session.later(ms, work));
}

/** Ends a session that is in this phase, as its time is over. */
function finisher(session: SessionCore): () => void {
  const { phase } = session;
  return () => {
    if (phase === 'answers') answer(session);
    else if (phase === 'asked') unanswered(session, { isLast: true });
    else end(session);
  };
}

/**
 * An announced client has not said in time that it has everything. Where its server closes it counts as away, if it may
 * lack something of what has ended and nothing of it waits to be read: it may fetch that yet, here or at another node. Its
 * connection is cut for that unless that costs another session; it has what time there is then.
 */
function unanswered(session: SessionCore, { isLast }: { readonly isLast: boolean }): void {
  const { operations, outlet, server } = session;
  const { current } = outlet;
  if (!session.isPutOff || !operations.isIdle || outlet.heldResults === 0 || current === undefined) {
    end(session);
    return;
  }
  // What it says may lie in the socket, where this process stood still.
  const { reads } = current.transport;
  const judged = afterReading(server.scheduler, () => {
    if (current.transport.reads !== reads) {
      end(session);
      return;
    }
    // Of a transport that does not tell nobody knows that its peer is silent.
    if (reads !== undefined) current.giveUp(session);
    if (outlet.current !== current) return;
    if (!isLast) awaitAck(session);
    else {
      current.released(session);
      session.connectionLost(current);
    }
  });
  session.ownEnding(session.own(judged));
}

function answer(session: SessionCore): void {
  session.sender.closeAck(CloseStatus.Closed, session.operations.lastOperationId);
  end(session);
}

function end(session: SessionCore): void {
  session.end('closed', 'closed');
}
