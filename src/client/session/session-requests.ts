import type { SchedulerLike } from 'rxjs';
import { RuntimeError } from '../../protocol/runtime-error';
import { checkMigration } from '../../protocol/session/migration';
import type { MessageOf } from '../../wire/message';
import { MessageType, messageTypeName } from '../../wire/message-type';
import { CachePutMetadata, type CacheAckMetadata } from '../../wire/messages/cache';
import { SessionMigrateMetadata, type SessionMigrateAckMetadata } from '../../wire/messages/session-migrate';
import { SessionPatchMetadata } from '../../wire/messages/session-patch';
import { Awaited, type Patience } from '../awaited';
import type { PatchAck } from './session';
import { unasked } from '../unasked';

/** The session that asks. */
export interface AskingSession {
  readonly sessionId: number;
  readonly scheduler: SchedulerLike;
  /** Milliseconds that the server may take to answer, Infinity for no limit. */
  readonly answerTimeoutMs: number;
  send(messageType: MessageType, metadata: Uint8Array, body?: Uint8Array): void;
}

/** What a session asks its server besides submits, and the acks that it waits for. */
export class SessionRequests {
  private readonly patches = new Awaited<SessionPatchMetadata, PatchAck>();
  private readonly migrations = new Awaited<SessionMigrateMetadata, SessionMigrateAckMetadata>();
  private readonly cachePuts = new Awaited<CachePutMetadata, CacheAckMetadata>();

  constructor(private readonly session: AskingSession) {}

  /** How many acks are still to come. */
  get size(): number {
    return this.patches.size + this.migrations.size + this.cachePuts.size;
  }

  patch(fields: Partial<SessionPatchMetadata>, profilePatch: Uint8Array): Promise<PatchAck> {
    const request = SessionPatchMetadata.of({ ...fields, profilePatchBytes: profilePatch.length });
    this.session.send(MessageType.SessionPatch, SessionPatchMetadata.encode(request), profilePatch);
    return this.patches.add(request, this.patience(MessageType.SessionPatch));
  }

  migrate(request: SessionMigrateMetadata): Promise<SessionMigrateAckMetadata> {
    this.session.send(MessageType.SessionMigrate, SessionMigrateMetadata.encode(request));
    return this.migrations.add(request, this.patience(MessageType.SessionMigrate));
  }

  cachePut(fields: Partial<CachePutMetadata>, object: Uint8Array): Promise<CacheAckMetadata> {
    const put = CachePutMetadata.of({ ...fields, objectBytes: object.length });
    this.session.send(MessageType.CachePut, CachePutMetadata.encode(put), object);
    return this.cachePuts.add(put, this.patience(MessageType.CachePut));
  }

  /** Takes an ack. Throws a `RuntimeError` where nobody asked for it. */
  onPatchAck({ metadata, body }: MessageOf<typeof MessageType.SessionPatchAck>): void {
    if (!this.patches.settle(() => ({ metadata, body }))) throw unasked(MessageType.SessionPatchAck);
  }

  /** Takes an ack. Throws a `RuntimeError` where nobody asked for it. */
  onMigrateAck({ metadata }: MessageOf<typeof MessageType.SessionMigrateAck>): void {
    const isAsked = this.migrations.settle((request) => {
      // A refusal may say that the transports are the same, which an acceptance must not.
      if (metadata.acceptCode === 0) checkMigration(request, metadata);
      return metadata;
    });
    if (!isAsked) throw unasked(MessageType.SessionMigrateAck);
  }

  /** Takes an ack. Throws a `RuntimeError` where nobody asked for it. */
  onCacheAck({ metadata }: MessageOf<typeof MessageType.CacheAck>): void {
    if (!this.cachePuts.settle(() => metadata)) throw unasked(MessageType.CacheAck);
  }

  /** There will be no acks any more. */
  rejectAll(error: unknown): void {
    for (const awaited of [this.patches, this.migrations, this.cachePuts]) awaited.rejectAll(error);
  }

  private patience(asked: MessageType): Patience {
    const { scheduler, answerTimeoutMs: ms, sessionId } = this.session;
    return { scheduler, ms, error: () => unanswered(asked, sessionId, ms) };
  }
}

function unanswered(asked: MessageType, sessionId: number, ms: number): RuntimeError {
  return new RuntimeError(
    'io',
    `the server has not answered ${messageTypeName(asked)} of session ${sessionId} within ${ms} ms; ask again, or allow it more time with answerTimeoutMs`,
    { reach: 'session', origin: 'peer' },
  );
}
