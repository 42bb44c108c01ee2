import { enumU32 } from '../codec/fields';
import { revised } from '../codec/record';
import {
  SessionMigrateMetadata as Preview3SessionMigrateMetadata,
  TransportId,
} from '../messages/session-migrate';

/** SESSION_MIGRATE of preview4, which has numbers for more transports. */
export const SessionMigrateMetadata = revised(Preview3SessionMigrateMetadata, {
  fields: { oldTransportId: enumU32(0, TransportId), newTransportId: enumU32(4, TransportId) },
});
