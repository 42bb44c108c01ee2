import {
  checkSubmitReferences,
  decodeObjectReferences,
  MessageType,
  splitBody,
  SubmitMode,
  type FrameSubmitMetadata,
  type ObjectReferenceBlock,
  type Packet,
  type SessionOpenMetadata,
} from '../../../src/wire';
import { SessionFlag } from '../../../src/wire/messages/session-open';
import { CacheModel } from './cache-model';
import { drains, fieldsOf, isHeaderOnly, orRefused } from './fields';
import { HandlerKind, handlerKind, MAX_IN_FLIGHT, MAX_QUEUED } from './terms';

interface QueuedSubmit {
  readonly frameId: number;
  readonly handler: HandlerKind;
}

/** A connection, as the rules see it. */
export class ConnectionModel {
  readonly sessions = new Map<number, SessionModel>();
  /** Sessions that have left: a late acknowledgement of their end is no fault. */
  readonly left = new Set<number>();
  isOver = false;
}

/** A session as the rules see it; `true` is taken, `false` refused. */
export class SessionModel {
  readonly inFlight = new Set<number>();
  queue: QueuedSubmit[] = [];
  isOver = false;
  /** Milliseconds of the server's clock. */
  endsAt = Infinity;
  private readonly used = new Set<number>();
  private readonly cache = new CacheModel();
  /** Frame ids of submits that referred to what is not cached. */
  private readonly missed = new Set<number>();
  private state: 'open' | 'draining' = 'open';
  private previousToken: string | undefined;
  private isUnconfirmed = false;

  constructor(
    readonly sessionId: number,
    private readonly open: SessionOpenMetadata,
    /** Undefined while the session waits for its client. */
    public connection: ConnectionModel | undefined,
    private currentToken: string,
  ) {}

  /** Whether the session outlives its connection. */
  get canWait(): boolean {
    return (this.open.sessionFlags & SessionFlag.AllowResume) !== 0 && this.state === 'open';
  }

  tokenUse(token: string): 'current' | 'previous' | undefined {
    if (token === '') return undefined;
    if (token === this.currentToken) return 'current';
    return token === this.previousToken ? 'previous' : undefined;
  }

  detach(endsAt: number): void {
    this.connection = undefined;
    this.endsAt = endsAt;
  }

  resume(connection: ConnectionModel, token: string, used: 'current' | 'previous'): void {
    if (used === 'current') this.previousToken = this.currentToken;
    this.currentToken = token;
    this.connection = connection;
    this.endsAt = Infinity;
    this.isUnconfirmed = true;
  }

  receive(packet: Packet, now: number): boolean {
    // Who sends after a resume has the token of its ack: the one before it is of no more use.
    if (this.isUnconfirmed) this.previousToken = undefined;
    this.isUnconfirmed = false;
    const isTaken = this.judge(packet, now);
    if (this.state === 'draining' && this.isIdle) this.isOver = true;
    return isTaken;
  }

  private get isIdle(): boolean {
    return this.inFlight.size === 0 && this.queue.length === 0;
  }

  private judge(packet: Packet, now: number): boolean {
    switch (packet.header.messageType) {
      case MessageType.FrameSubmit:
        return this.onSubmit(packet, now);
      case MessageType.FrameCancel:
        return isHeaderOnly(packet) && this.onCancel(packet.header.frameId);
      case MessageType.SessionPatch:
        return fieldsOf(packet, MessageType.SessionPatch) !== undefined;
      case MessageType.SessionMigrate:
        return fieldsOf(packet, MessageType.SessionMigrate) !== undefined;
      case MessageType.SessionClose:
        return this.onClose(packet, now);
      case MessageType.CachePut: {
        const put = fieldsOf(packet, MessageType.CachePut);
        if (put !== undefined) this.cache.put(put, packet.body.length, now);
        return put !== undefined;
      }
      case MessageType.CacheInvalidate: {
        const invalidate = fieldsOf(packet, MessageType.CacheInvalidate);
        if (invalidate !== undefined) this.cache.invalidate(invalidate);
        return invalidate !== undefined;
      }
      default:
        // SESSION_CLOSE_ACK among them: nobody has asked for it.
        return false;
    }
  }

  private onSubmit(packet: Packet, now: number): boolean {
    const submit = fieldsOf(packet, MessageType.FrameSubmit);
    if (submit === undefined || this.state !== 'open') return false;
    const references = orRefused(() => referencesOf(submit, packet.body));
    if (references === undefined) return false;
    // A reference to what is not cached is answered, and is no fault.
    if (references.some((reference) => !this.cache.has(reference, now))) {
      this.missed.add(packet.header.frameId);
      return true;
    }
    const { frameId } = packet.header;
    if (frameId === 0 || this.used.has(frameId)) return false;
    this.used.add(frameId);
    const handler = handlerKind(packet.body);
    if (this.queue.length === 0 && this.inFlight.size < MAX_IN_FLIGHT) this.start({ frameId, handler });
    else if (this.queue.length < MAX_QUEUED) this.queue.push({ frameId, handler });
    return true;
  }

  private onCancel(frameId: number): boolean {
    // A cancel may cross with the answer that says what was not cached.
    if (!this.used.has(frameId)) return this.missed.has(frameId);
    this.inFlight.delete(frameId);
    this.queue = this.queue.filter((queued) => queued.frameId !== frameId);
    while (this.queue.length > 0 && this.inFlight.size < MAX_IN_FLIGHT) this.start(this.queue.shift()!);
    return true;
  }

  private onClose(packet: Packet, now: number): boolean {
    const close = fieldsOf(packet, MessageType.SessionClose);
    if (close === undefined || this.state !== 'open') return false;
    if (!drains(close) || this.isIdle) {
      this.isOver = true;
    } else {
      this.state = 'draining';
      this.queue = [];
      this.endsAt = now + close.drainTimeoutMs;
    }
    return true;
  }

  /** A handler that answers at once, or throws, has its slot for no time. */
  private start({ frameId, handler }: QueuedSubmit): void {
    if (handler === HandlerKind.Silent || handler === HandlerKind.Started) this.inFlight.add(frameId);
  }
}

/** What a submit refers to. Throws an `NnrpError` where its references are malformed. */
function referencesOf(submit: FrameSubmitMetadata, body: Uint8Array): readonly ObjectReferenceBlock[] {
  if (submit.submitMode === SubmitMode.Inline && submit.objectRefMask === 0) return [];
  const blocks = decodeObjectReferences(splitBody(body).objectReferences);
  checkSubmitReferences(blocks, submit);
  return blocks;
}
