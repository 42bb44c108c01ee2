import { NEVER } from 'rxjs';
import { probe } from '../../src/testing';
import { MessageType } from '../../src/wire/message-type';
import { SessionMigrateMetadata } from '../../src/wire/messages/session-migrate';
import { TransportProbeAckMetadata } from '../../src/wire/messages/transport-probe';
import { accept, endpointOf, played } from '../client/support';
import { Peer } from '../support/peer';
import { endServed, Served } from '../support/served';

/** A date of its own, with a fraction of a millisecond. */
const wallClock = { now: () => 1_700_000_000_000.25 };

afterEach(endServed);

describe('the wall clock that is given', () => {
  it('tells a server when a probe has come', async () => {
    const peer = await Peer.connect(new Served({ wallClock }).endpoint);
    const ack = await peer.send(probe(1)).next();
    expect(TransportProbeAckMetadata.decode(ack!.metadata).serverRecvTsUs).toBe(1_700_000_000_000_250n);
    await peer.close();
  });

  it('tells a client when it moves a session', async () => {
    const { client, peer } = await played({ wallClock, keepAlive: { idleMs: 0 } });
    const opening = client.openSession({ requestedSessionId: 1 });
    await peer.next();
    peer.send(accept(1));
    const moving = (await opening).moveTo(endpointOf(NEVER));
    const { header, metadata } = (await peer.next())!;
    expect(header.messageType).toBe(MessageType.SessionMigrate);
    expect(SessionMigrateMetadata.decode(metadata).clientMigrateTsUs).toBe(1_700_000_000_000_250n);
    peer.destroy();
    await expect(moving).rejects.toThrow('connection');
  });
});
