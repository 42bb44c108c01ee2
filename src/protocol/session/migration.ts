import { breaksRule } from '../../wire/errors';
import type { SessionMigrateAckMetadata, SessionMigrateMetadata } from '../../wire/messages/session-migrate';

/**
 * Checks that a SESSION_MIGRATE_ACK is valid for its request (protocol section 5): another transport,
 * and a cursor that does not lie behind what the client has. Throws an `NnrpError`,
 * `InvalidProtocolCombination`.
 */
export function checkMigration(request: SessionMigrateMetadata, ack: SessionMigrateAckMetadata): void {
  if (request.oldTransportId === request.newTransportId) {
    breaksRule('session migration must bind a different transport');
  }
  if (ack.resumeFromFrameId < request.lastResultFrameId) {
    breaksRule('migration resume cursor cannot move behind the last result frame');
  }
}
