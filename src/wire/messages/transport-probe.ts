import { u32, u64 } from '../codec/fields';
import { record, type RecordValue } from '../codec/record';

/** TRANSPORT_PROBE (protocol section 5). Body: the probe payload. */
export const TransportProbeMetadata = record({
  name: 'TransportProbeMetadata',
  length: 16,
  fields: {
    probeId: u32(0),
    probePayloadBytes: u32(4),
    /** Microseconds. */
    clientSendTsUs: u64(8),
  },
});
export type TransportProbeMetadata = RecordValue<typeof TransportProbeMetadata>;

/** TRANSPORT_PROBE_ACK (protocol section 5). */
export const TransportProbeAckMetadata = record({
  name: 'TransportProbeAckMetadata',
  length: 16,
  fields: {
    probeId: u32(0),
    /** Microseconds. */
    serverRecvTsUs: u64(8),
  },
  reserved: { reserved0: u32(4) },
});
export type TransportProbeAckMetadata = RecordValue<typeof TransportProbeAckMetadata>;
