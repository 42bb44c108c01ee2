import type { Observable, SchedulerLike } from 'rxjs';
import { DEFAULT_OBJECT_LIMITS, OBJECT_LIMIT_RULES, type ObjectLimits } from '../../objects/object-limits';
import { misuse } from '../../objects/misuse';
import { isObjectMessage, ObjectTable } from '../../objects/object-table';
import type { ObjectsConnection, ObjectsPort } from '../../objects/objects-port';
import { partly, takeOptions } from '../../protocol/options/take-options';
import { onEach } from '../../transport/on-each';
import type { MessageType } from '../../wire/message-type';
import { RuntimeRole } from '../../wire/preview4/control/runtime-role';
import type { ObjectsOption } from '../options';
import { asObjectsOption } from './objects-option';
import type { SessionPort } from './session-port';

/**
 * Lets a session share objects with its server, `session.objects`: those that declare none need not load what it takes.
 * Throws a `TypeError` or a `RangeError` that names a limit that is none.
 *
 * @example
 * const session = await client.openSession({ objects: sharedObjects() });
 * session.objects?.declared$.subscribe((object) => show(object.bytes));
 */
export function sharedObjects(limits: Partial<ObjectLimits> = {}): ObjectsOption {
  const taken = takeOptions('sharedObjects', limits, partly(OBJECT_LIMIT_RULES));
  return asObjectsOption((session: SessionPort, scheduler) => {
    const port = new ClientObjectsPort(session, scheduler);
    const table = new ObjectTable(port, { ...DEFAULT_OBJECT_LIMITS, ...taken });
    session.messages.others.push((message) => {
      if (isObjectMessage(message)) table.receive(message);
    });
    onEach(session.state$, (state) => {
      if (state === 'reconnecting') table.detached();
      else if (state === 'resumed' || state === 'reopened') table.attached();
      else if (state !== 'open') {
        port.isOver = true;
        table.ended();
      }
    });
    return table;
  });
}

/** A session, as its objects see it. */
class ClientObjectsPort implements ObjectsPort {
  readonly role = RuntimeRole.Client;
  isOver = false;
  /** Who waits for the end of an operation, by frame. */
  private readonly waiting = new Map<number, () => void>();

  constructor(
    private readonly session: SessionPort,
    readonly scheduler: SchedulerLike,
  ) {
    session.submissions.inFlight.left = (frameId) => {
      const ended = this.waiting.get(frameId);
      this.waiting.delete(frameId);
      ended?.();
    };
  }

  get sessionId(): number {
    return this.session.carrier.sessionId;
  }

  get connection(): ObjectsConnection | undefined {
    return this.session.carrier.link?.outlet;
  }

  get lost(): ObjectsPort['lost'] {
    return this.session.carrier.lost;
  }

  requireOpen(): void {
    if (this.isOver) throw misuse(`session ${this.sessionId} is over`);
    this.session.carrier.requirePreview4('objects');
  }

  send(messageType: MessageType, frameId: number, metadata: Uint8Array, body: Uint8Array): void {
    const { carrier } = this.session;
    if (carrier.isPreview4) carrier.send(messageType, frameId, metadata, body);
  }

  answer(messageType: MessageType, frameId: number, metadata: Uint8Array, body: Uint8Array): void {
    const { carrier } = this.session;
    if (carrier.isPreview4) carrier.answer(messageType, frameId, metadata, body);
  }

  /** An operation's id is its frame's. */
  operationId(frameId: number): bigint | undefined {
    return this.session.submissions.inFlight.has(frameId) ? BigInt(frameId) : undefined;
  }

  whenEnded(frameId: number, ended: () => void): void {
    this.waiting.set(frameId, ended);
  }

  contain<T>(source$: Observable<T>): Observable<T> {
    return source$;
  }
}
