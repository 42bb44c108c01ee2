import { enumU32, u32, u64 } from '../codec/fields';
import { enumeration, without, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';
import { breaksRule } from '../errors';

/** The transports that the wire has a number for; preview3 has none for the last two. */
export const TransportId = enumeration('transport_id', {
  Unspecified: 0,
  Quic: 1,
  Tcp: 2,
  Ipc: 3,
  WebSocket: 4,
});
export type TransportId = EnumerationValue<typeof TransportId>;

const Preview3TransportId = without(TransportId, 'Ipc', 'WebSocket');

/** SESSION_MIGRATE (protocol section 5). */
export const SessionMigrateMetadata = record({
  name: 'SessionMigrateMetadata',
  length: 24,
  fields: {
    oldTransportId: enumU32(0, Preview3TransportId),
    newTransportId: enumU32(4, Preview3TransportId),
    lastResultFrameId: u64(8),
    /** Microseconds. */
    clientMigrateTsUs: u64(16),
  },
  rules({ oldTransportId, newTransportId }) {
    if (oldTransportId === TransportId.Unspecified) {
      breaksRule(
        'session_migrate.old_transport_id',
        'SESSION_MIGRATE old_transport_id must name a transport',
      );
    }
    if (newTransportId === TransportId.Unspecified) {
      breaksRule(
        'session_migrate.new_transport_id',
        'SESSION_MIGRATE new_transport_id must name a transport',
      );
    }
  },
});
export type SessionMigrateMetadata = RecordValue<typeof SessionMigrateMetadata>;

/** SESSION_MIGRATE_ACK (protocol section 5). `acceptCode` 0 accepts. */
export const SessionMigrateAckMetadata = record({
  name: 'SessionMigrateAckMetadata',
  length: 24,
  fields: {
    acceptCode: u32(0),
    resumeFromFrameId: u64(4),
    /** Milliseconds. */
    graceWindowMs: u32(12),
    /** Microseconds. */
    serverMigrateTsUs: u64(16),
  },
});
export type SessionMigrateAckMetadata = RecordValue<typeof SessionMigrateAckMetadata>;
