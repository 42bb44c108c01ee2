import { checkMigration } from '../../../src/protocol/session/migration';
import {
  SessionMigrateAckMetadata,
  SessionMigrateMetadata,
  TransportId,
} from '../../../src/wire/messages/session-migrate';
import { brokenRule, faultOf } from '../support';

const request = SessionMigrateMetadata.of({
  oldTransportId: TransportId.Tcp,
  newTransportId: TransportId.Quic,
  lastResultFrameId: 10n,
});
const ack = (resumeFromFrameId: bigint) => SessionMigrateAckMetadata.of({ resumeFromFrameId });

describe('a migration', () => {
  it.each([10n, 11n, 2n ** 64n - 1n])('may go on from frame %i', (cursor) => {
    expect(() => checkMigration(request, ack(cursor))).not.toThrow();
  });

  it('goes to another transport', () => {
    const same = { ...request, newTransportId: TransportId.Tcp };
    expect(faultOf(() => checkMigration(same, ack(10n)))).toEqual(
      brokenRule('session migration must bind a different transport'),
    );
  });

  it('does not go behind the last result', () => {
    expect(faultOf(() => checkMigration(request, ack(9n)))).toEqual(
      brokenRule('migration resume cursor cannot move behind the last result frame'),
    );
  });
});
