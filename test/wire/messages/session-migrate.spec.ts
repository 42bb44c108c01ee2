import { SessionMigrateMetadata, TransportId } from '../../../src/wire';
import { faultOf } from '../fault-of';

const migrate = SessionMigrateMetadata.of({
  oldTransportId: TransportId.Tcp,
  newTransportId: TransportId.Quic,
  lastResultFrameId: 2n ** 40n,
  clientMigrateTsUs: 2n ** 64n - 1n,
});

describe('SessionMigrateMetadata', () => {
  it('takes the transports of preview3, the same one twice too: that is for the answer to judge', () => {
    for (const newTransportId of [TransportId.Quic, TransportId.Tcp]) {
      const given = { ...migrate, newTransportId };
      expect(SessionMigrateMetadata.decode(SessionMigrateMetadata.encode(given))).toEqual(given);
    }
  });

  it.each([
    ['oldTransportId', 0, 'session_migrate.old_transport_id'],
    ['newTransportId', 4, 'session_migrate.new_transport_id'],
  ])('%s is never unspecified', (name, at, rule) => {
    const fault = { kind: 'InvalidProtocolCombination', rule };
    const given = { ...migrate, [name]: TransportId.Unspecified };
    expect(faultOf(() => SessionMigrateMetadata.encode(given))).toEqual(fault);
    const bytes = Object.assign(SessionMigrateMetadata.encode(migrate), { [at]: 0 });
    expect(faultOf(() => SessionMigrateMetadata.decode(bytes))).toEqual(fault);
  });

  // 3 and 4 are the IPC and WebSocket of preview4.
  it.each([3, 4, 256, 0xffff_ffff])('knows no transport %i', (value) => {
    const bytes = SessionMigrateMetadata.encode(migrate);
    new DataView(bytes.buffer).setUint32(4, value, true);
    const fault = { kind: 'UnknownEnumValue', enumName: 'transport_id', value };
    expect(faultOf(() => SessionMigrateMetadata.decode(bytes))).toEqual(fault);
    const given = { ...migrate, newTransportId: value as TransportId };
    expect(faultOf(() => SessionMigrateMetadata.encode(given))).toEqual(fault);
  });
});
