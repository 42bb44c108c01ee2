import { take, type Observable, type SchedulerLike } from 'rxjs';
import { misuse } from '../../objects/misuse';
import type { ObjectsConnection, ObjectsPort } from '../../objects/objects-port';
import type { Dialect } from '../../protocol/revision/dialect';
import { operationIdOf } from '../../protocol/revision/answers';
import { acceptsMessages, type SessionState } from '../../protocol/session/session-lifecycle';
import { sentBytes } from '../../transport/outgoing/sent-bytes';
import type { MessageType } from '../../wire/message-type';
import { packet, type Packet } from '../../wire/packet';
import { RuntimeRole } from '../../wire/preview4/control/runtime-role';
import { contained } from '../contained';
import { SubscribersOf } from '../subscribers';
import type { ServerContext } from '../server-context';
import type { SessionOutlet } from './results/session-outlet';
import type { ReceivedSubmit } from './submits/submit';

/** The session that has the objects. */
export interface SharingSession {
  readonly sessionId: number;
  readonly server: ServerContext;
  readonly state: SessionState;
  readonly dialect: Dialect;
  readonly outlet: SessionOutlet;
  readonly operations: { readonly lastOperationId: number; get(frameId: number): ReceivedSubmit | undefined };
}

/** Whether the client speaks preview4, and that is more than a guess. */
export function isPreview4Known({ dialect, operations, outlet, server }: SharingSession): boolean {
  if (!dialect.hasControls) return false;
  if (outlet.current?.isReference !== true || operations.lastOperationId > 0) return true;
  return !server.settings.revisions.includes('preview3');
}

/** A session, as its objects see it. */
export class ServerObjectsPort implements ObjectsPort {
  readonly role = RuntimeRole.Server;
  readonly sessionId: number;
  readonly scheduler: SchedulerLike;
  /** A client says nothing of why it ends a connection. */
  readonly lost = { lastWord: undefined };

  constructor(private readonly session: SharingSession) {
    this.sessionId = session.sessionId;
    this.scheduler = session.server.scheduler;
  }

  get connection(): ObjectsConnection | undefined {
    const { current } = this.session.outlet;
    if (current === undefined) return undefined;
    const { transport, isAnnounced, proof } = current;
    return {
      sentBytes: sentBytes(transport),
      sentBefore: () => current.sentBefore ?? 0,
      receipt: () => (isAnnounced ? proof.receipt() : undefined),
    };
  }

  requireOpen(): void {
    const { sessionId, session } = this;
    if (!acceptsMessages(session.state)) throw misuse(`session ${sessionId} is over`);
    if (!session.dialect.hasControls)
      throw misuse(`the client of session ${sessionId} speaks preview3, which has no objects`);
    if (!isPreview4Known(session))
      throw misuse(
        `the client of session ${sessionId} has not shown yet that it speaks preview4: declare once it has submitted`,
      );
  }

  send(messageType: MessageType, frameId: number, metadata: Uint8Array, body: Uint8Array): void {
    const said = this.packet(messageType, frameId, metadata, body);
    if (said !== undefined) this.session.outlet.send(said);
  }

  answer(messageType: MessageType, frameId: number, metadata: Uint8Array, body: Uint8Array): void {
    const said = this.packet(messageType, frameId, metadata, body);
    if (said !== undefined) this.session.outlet.answer(said);
  }

  operationId(frameId: number): bigint | undefined {
    const submit = this.session.operations.get(frameId);
    return submit && operationIdOf(submit);
  }

  whenEnded(frameId: number, ended: () => void): void {
    const ended$ = this.session.operations.get(frameId)?.ended$.pipe(take(1));
    ended$?.subscribe({ next: ended, error: ended });
  }

  contain<T>(source$: Observable<T>): Observable<T> {
    const { failures } = this.session.server.reports;
    return contained(source$, new SubscribersOf(`the objects of session ${this.sessionId}`, failures));
  }

  /** Undefined where the client has no objects. */
  private packet(
    messageType: MessageType,
    frameId: number,
    metadata: Uint8Array,
    body: Uint8Array,
  ): Packet | undefined {
    const { sessionId, session } = this;
    if (!session.dialect.hasControls) return undefined;
    session.outlet.requireFit(body);
    return packet({ messageType, sessionId, frameId }, metadata, body);
  }
}
