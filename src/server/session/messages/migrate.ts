import { microseconds } from '../../../protocol/microseconds';
import { integer, U32_MAX } from '../../../protocol/options/rules';
import { takeFields } from '../../../protocol/options/take-fields';
import { takeValue } from '../../../protocol/options/take-options';
import type { Message, MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import {
  SessionMigrateAckMetadata,
  type SessionMigrateMetadata,
} from '../../../wire/messages/session-migrate';
import { AckQueue } from '../ack-queue';
import type { SessionCore } from '../session-core';
import type { MigrateRequest } from '../session-message';

/** Why a migration is refused: the accept codes of this server (preview3 assigns none but 0). */
export const MigrateRefusal = { SameTransport: 1, CursorAhead: 2, NotResumable: 3, Unanswered: 4 } as const;

/** SESSION_MIGRATE: put to the application where it looks at such, answered without it where not. */
export function onMigrate(session: SessionCore, message: MessageOf<typeof MessageType.SessionMigrate>): void {
  const { streams, sender } = session;
  const place = (session.migrateAcks ??= new AckQueue(session)).place();
  const request = new ReceivedMigration(message, (ack) => {
    place.answer(sender.migrateAck(message.metadata, ack));
    // It leaves a connection that goes on.
    if (ack.acceptCode === 0) session.outlet.spare();
  });
  if (!streams.isWatched('migrations')) {
    decide(session, request);
    return;
  }
  streams.emit('migrations', request);
  if (request.isAnswered) return;
  const { patchTimeoutMs } = session.server.settings;
  const patience = session.later(patchTimeoutMs, () => {
    request.reject(MigrateRefusal.Unanswered);
  });
  place.waitFor(patience);
}

function decide({ operations, isResumable, server }: SessionCore, request: ReceivedMigration): void {
  const { oldTransportId, newTransportId, lastResultFrameId } = request.metadata;
  if (oldTransportId === newTransportId) request.reject(MigrateRefusal.SameTransport);
  else if (lastResultFrameId > operations.lastOperationId) request.reject(MigrateRefusal.CursorAhead);
  else if (!isResumable) request.reject(MigrateRefusal.NotResumable);
  else {
    const { wallClock, migrateGraceMs } = server.settings;
    request.ack({ graceWindowMs: migrateGraceMs, serverMigrateTsUs: microseconds(wallClock.now()) });
  }
}

const REFUSAL_CODE = integer(1, U32_MAX);

export class ReceivedMigration implements MigrateRequest {
  readonly messageType = MessageType.SessionMigrate;
  readonly metadata: SessionMigrateMetadata;
  private answered = false;

  constructor(
    message: Message<typeof MessageType.SessionMigrate>,
    private readonly send: (ack: SessionMigrateAckMetadata) => void,
  ) {
    this.metadata = message.metadata;
  }

  get isAnswered(): boolean {
    return this.answered;
  }

  ack(fields: Partial<SessionMigrateAckMetadata> = {}): void {
    const given = takeFields('migration.ack', fields, SessionMigrateAckMetadata);
    this.answer({ resumeFromFrameId: this.metadata.lastResultFrameId, ...given });
  }

  reject(acceptCode: number): void {
    takeValue(acceptCode, 'the accept code of migration.reject', REFUSAL_CODE);
    this.answer({ acceptCode, resumeFromFrameId: this.metadata.lastResultFrameId });
  }

  private answer(fields: Partial<SessionMigrateAckMetadata>): void {
    if (this.answered) return;
    this.send(SessionMigrateAckMetadata.of(fields));
    this.answered = true;
  }
}
