import { misuse } from '../../objects/misuse';
import { RuntimeError } from '../../protocol/runtime-error';
import type { LastWord } from '../../protocol/suspect';
import { NnrpError } from '../../wire/errors';
import { HEADER_LENGTH } from '../../wire/header';
import { MessageType } from '../../wire/message-type';
import { EMPTY, packet } from '../../wire/packet';
import { inPreview4 } from '../../protocol/content/typed-body';
import type { SessionEnd } from '../errors';
import { UNASKED, type Speech } from '../link/speech';
import type { ClientLink } from '../link/link';
import { deadlineOf, priorityOf } from '../../protocol/revision/scheduling';
import { budgetMetadata } from '../../protocol/revision/budget';
import { encodeCapabilities } from '../../protocol/revision/capabilities';
import { routeHintMetadata } from '../../protocol/revision/route-hint';
import { tracePacket } from '../../protocol/revision/trace-context';
import type { RouteHint } from '../../protocol/operation/route-hint';
import type { Submission } from '../submissions/submission';
import { CONNECTION_LOST, endedBefore } from './session-end';
import { bodiesOf, type OperationTerms, type PossibleTerms } from '../submissions/operation-terms';

/** Where the packets of a session go: to the link that carries it, nowhere while none does. */
export class SessionCarrier {
  /** How the session has come to its end; undefined while it has not. */
  ended: SessionEnd | undefined;
  /** How the last link has ended; undefined where it goes on without the session, which has moved. */
  lost: { readonly lastWord: LastWord | undefined } | undefined;
  private current: ClientLink | undefined;
  /** Of the last link. */
  private spoken: Speech;

  constructor(
    private id: number,
    link: ClientLink | undefined,
  ) {
    this.current = link;
    this.spoken = link?.speech ?? UNASKED;
  }

  /** Undefined while there is none. */
  get link(): ClientLink | undefined {
    return this.current;
  }

  /** Throws a `RuntimeError` while there is none. */
  requireLink(): ClientLink {
    if (this.current !== undefined) return this.current;
    throw this.withoutLink();
  }

  /** The error of what is asked for without a link, or was not answered as it ended; with what its server has said then. */
  withoutLink(): RuntimeError {
    const { sessionId, ended, lost } = this;
    if (ended !== undefined) return endedBefore(sessionId, 'session-closed', ended);
    const text = lost?.lastWord?.text ?? '';
    return endedBefore(sessionId, 'connection-lost', { ...CONNECTION_LOST, text });
  }

  /** By which its server knows it. */
  get sessionId(): number {
    return this.id;
  }

  attach(link: ClientLink, sessionId: number): void {
    this.current = link;
    this.id = sessionId;
  }

  detach(): void {
    this.spoken = this.speech;
    this.lost = this.current?.isOver === true ? { lastWord: this.current.lastWord } : undefined;
    this.current = undefined;
  }

  /** Bytes of header and body that the server takes in one packet; Infinity where it has not said. */
  get largestPacket(): number {
    return this.link?.outlet.largestPacket ?? Infinity;
  }

  /** Throws an `NnrpError`, `MessageLengthOverflow`, where the server takes none so large. */
  send(messageType: MessageType, frameId = 0, metadata = EMPTY, body = EMPTY, traceId = 0n): void {
    this.link?.send(packet({ messageType, sessionId: this.sessionId, frameId, traceId }, metadata, body));
  }

  /** Sends what the server has asked for, and nobody here has decided: what waits of it is bounded. Throws as `send` does. */
  answer(messageType: MessageType, frameId: number, metadata: Uint8Array, body = EMPTY): void {
    this.link?.answers.send(packet({ messageType, sessionId: this.sessionId, frameId }, metadata, body));
  }

  /** What of a submit is larger than the server takes, in words; undefined where nothing is. */
  excessOf({ body, terms }: Submission): string | undefined {
    const most = this.largestPacket - HEADER_LENGTH;
    // Most submits have no terms.
    if (body.length <= most && terms === undefined) return undefined;
    const [excess] = body.length > most ? [['body', body.length] as const] : this.beyond(terms);
    return excess && `its ${excess[0]} has ${excess[1]} bytes, and ${most} are the most`;
  }

  /** Those terms that are said with more bytes than the server takes. */
  private beyond(terms: PossibleTerms | undefined): ReturnType<typeof bodiesOf> {
    if (terms === undefined || !this.isPreview4) return [];
    return bodiesOf(terms).filter(([, bytes]) => HEADER_LENGTH + bytes > this.largestPacket);
  }

  /** Throws as `send` does. */
  submit(asked: Submission): void {
    const { frameId, metadata, metadataBytes, traceId, terms } = asked;
    const { requests, name, takesBlocks } = this.speech;
    asked.hasId = name === 'preview4';
    const body = asked.hasId ? inPreview4(metadata, asked.body) : asked.body;
    asked.updates = undefined;
    // Before it, so that it binds what is answered at once. The reference takes only a deadline of what has not come.
    if (terms !== undefined) this.say(frameId, takesBlocks ? terms : { deadlineAt: terms.deadlineAt });
    this.send(MessageType.FrameSubmit, frameId, requests.submit(frameId, metadataBytes), body, traceId);
    asked.outweighs = 2 * body.length >= (this.link?.outlet.sentBytes ?? 0);
    if (terms !== undefined && !takesBlocks) this.say(frameId, { ...terms, deadlineAt: undefined });
  }

  /**
   * Says other things of an operation that was sent, or is to be; once there is a link, where there is none. Throws as
   * `send` does.
   */
  update(asked: Submission, changes: OperationTerms): void {
    const [excess] = this.beyond(changes);
    if (excess !== undefined)
      throw new NnrpError({
        kind: 'MessageLengthOverflow',
        declared: HEADER_LENGTH + excess[1],
        limit: this.largestPacket,
      });
    asked.terms = { ...asked.terms, ...changes };
    if (asked.frameId === 0) return;
    asked.updates = { ...asked.updates, ...changes };
    if (this.current !== undefined) this.sayUpdates(asked, changes);
  }

  /**
   * Says all updates of an operation over another link: the last may have been lost before it delivered them. What this
   * one's server takes no packet of, the application hears of in its place.
   */
  sayUpdates(asked: Submission, updates: PossibleTerms | undefined = asked.updates): void {
    if (updates === undefined) return;
    const beyond = this.beyond(updates);
    this.say(asked.frameId, { ...updates, ...Object.fromEntries(beyond.map(([name]) => [name, undefined])) });
    for (const [name, bytes] of beyond) this.report(this.untold(asked, name, bytes));
    // Twice it would be more: what was used meanwhile would not count.
    asked.updates = { ...asked.updates, budget: undefined };
  }

  private untold({ frameId }: Submission, name: string, bytes: number): RuntimeError {
    const operation = `operation ${frameId} of session ${this.sessionId}`;
    const most = this.largestPacket - HEADER_LENGTH;
    const message = `the ${name} of ${operation} has ${bytes} bytes, and ${most} are the most that its server takes over this transport: it was not told; update it`;
    return new RuntimeError('internal', message, { reach: 'operation', origin: 'application' });
  }

  private say(frameId: number, terms: PossibleTerms): void {
    if (!this.isPreview4) return;
    const { deadlineAt, priority, budget, trace } = terms;
    if (deadlineAt !== undefined) this.send(MessageType.Deadline, frameId, deadlineOf(frameId, deadlineAt));
    if (trace !== undefined) this.link?.send(tracePacket(this.sessionId, frameId, trace));
    if (priority !== undefined) this.send(MessageType.PriorityUpdate, frameId, priorityOf(frameId, priority));
    if (budget !== undefined) this.send(MessageType.BudgetUpdate, frameId, budgetMetadata(frameId, budget));
    this.hint(MessageType.RouteHint, frameId, terms.routeHint);
    this.hint(MessageType.ExecutionHint, frameId, terms.executionHint);
    if (terms.degraded !== undefined)
      this.send(MessageType.DegradeProfile, frameId, ...encodeCapabilities(terms.degraded));
  }

  private hint(
    type: typeof MessageType.RouteHint | typeof MessageType.ExecutionHint,
    frameId: number,
    hint: RouteHint | undefined,
  ): void {
    if (hint !== undefined) this.send(type, frameId, routeHintMetadata(frameId, hint), hint.body);
  }

  cancel(frameId: number): void {
    const [messageType, metadata] = this.speech.requests.cancel(frameId);
    this.send(messageType, frameId, metadata);
  }

  /** How the server is asked, also while there is no link: a session keeps its revision. */
  get speech(): Speech {
    return this.link?.speech ?? this.spoken;
  }

  /** Whether the server may turn out to speak preview3. */
  get mayFallBack(): boolean {
    return this.link?.mayFallBack === true;
  }

  /** Whether the server is known to speak preview4: what only that has costs a connection of preview3. */
  get isPreview4(): boolean {
    return this.speech.name === 'preview4' && !this.mayFallBack;
  }

  /** Throws a `RuntimeError` where the server has not what only preview4 has. */
  requirePreview4(what: string): void {
    if (this.isPreview4) return;
    throw misuse(
      this.mayFallBack
        ? `the server of session ${this.sessionId} has not shown yet that it speaks preview4; say so with revision: 'preview4'`
        : `the server of session ${this.sessionId} speaks preview3, which has no ${what}`,
    );
  }

  /** The server has shown to speak preview3: goes on in it, where that is a choice. */
  fallBack(): boolean {
    return this.link?.fallBack() === true;
  }

  /** Answers a PING of the session, as its link does its own: what waits of them is bounded. */
  answerPing(frameId: number): void {
    this.link?.answerPing({ sessionId: this.sessionId, frameId });
  }

  /** The server has answered the session over its link, with a result or an ack. */
  noteAnswer(): void {
    if (this.link !== undefined) this.link.wasAnswered = true;
  }

  /** Tells the application of what is wrong on this side, while there is a link. */
  report(failure: RuntimeError): void {
    this.link?.report(failure);
  }

  /** Whether reading can be stopped, where there is a link. */
  get canHoldReading(): boolean {
    return this.link?.reading.canPause !== false;
  }

  /** Stops reading from the server until every holder has released. */
  holdReading(holder: object): void {
    this.link?.reading.hold(holder);
  }

  releaseReading(holder: object): void {
    this.link?.reading.release(holder);
  }
}
