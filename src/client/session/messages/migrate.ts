import { takeFields } from '../../../protocol/options/take-fields';
import { checkMigration } from '../../../protocol/session/migration';
import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import {
  SessionMigrateMetadata,
  type SessionMigrateAckMetadata,
} from '../../../wire/messages/session-migrate';
import { AwaitedAcks, type Patience } from '../../awaited-acks';
import type { SessionCarrier } from '../session-carrier';

/** SESSION_MIGRATE, and SESSION_MIGRATE_ACK that answers it. */
export class Migrations extends AwaitedAcks<SessionMigrateMetadata, SessionMigrateAckMetadata> {
  constructor(
    private readonly carrier: SessionCarrier,
    patience: Patience,
  ) {
    super(MessageType.SessionMigrate, MessageType.SessionMigrateAck, patience);
  }

  ask(fields: SessionMigrateMetadata): Promise<SessionMigrateAckMetadata> {
    this.carrier.requireLink();
    // As it is: all of its fields are required.
    const request = takeFields('session.migrate', fields, SessionMigrateMetadata) as SessionMigrateMetadata;
    this.carrier.send(MessageType.SessionMigrate, 0, SessionMigrateMetadata.encode(request));
    return this.add(request);
  }

  onAck({ metadata }: MessageOf<typeof MessageType.SessionMigrateAck>): void {
    this.settle((request) => {
      // A refusal may say that the transports are the same, which an acceptance must not.
      if (metadata.acceptCode === 0) checkMigration(request, metadata);
      return metadata;
    });
    this.carrier.noteAnswer();
  }
}
