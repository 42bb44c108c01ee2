import type { RuntimeError } from '../../protocol/runtime-error';
import { MessageType } from '../../wire/message-type';
import { EMPTY, packet } from '../../wire/packet';
import { inPreview4 } from '../../protocol/content/typed-body';
import { UNASKED, type Speech } from '../link/speech';
import type { ClientLink } from '../link/link';
import { deadlineOf, priorityOf } from '../../protocol/revision/scheduling';
import type { Submission } from '../submissions/submission';

/** Where the packets of a session go: to the link that carries it, nowhere while none does. */
export class SessionCarrier {
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
    this.current = undefined;
  }

  /** Bytes of header and body that the server takes in one packet; Infinity where it has not said. */
  get largestPacket(): number {
    return this.link?.largestPacket ?? Infinity;
  }

  /** Throws an `NnrpError`, `MessageLengthOverflow`, where the server takes none so large. */
  send(messageType: MessageType, frameId = 0, metadata = EMPTY, body = EMPTY, traceId = 0n): void {
    this.link?.send(packet({ messageType, sessionId: this.sessionId, frameId, traceId }, metadata, body));
  }

  /** Throws as `send` does. */
  submit(asked: Submission): void {
    const { frameId, metadata, metadataBytes, traceId, deadlineAt, priority } = asked;
    const { requests, name } = this.speech;
    asked.hasId = name === 'preview4';
    const body = asked.hasId ? inPreview4(metadata, asked.body) : asked.body;
    // What only preview4 has costs a connection of preview3.
    const takesControls = asked.hasId && !this.mayFallBack;
    // Before it, as the reference wants it: what is late already does not begin.
    if (deadlineAt !== undefined && takesControls)
      this.send(MessageType.Deadline, frameId, deadlineOf(frameId, deadlineAt));
    this.send(MessageType.FrameSubmit, frameId, requests.submit(frameId, metadataBytes), body, traceId);
    if (priority !== undefined && takesControls)
      this.send(MessageType.PriorityUpdate, frameId, priorityOf(frameId, priority));
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
