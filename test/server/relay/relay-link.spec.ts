import { NEVER } from 'rxjs';
import { countOf, LinkType } from '../../../src/cluster/link/link-message';
import type { NodeLink } from '../../../src/cluster/link/node-link';
import { RelayLink, type RemoteAnswer } from '../../../src/server/relay/relay-link';
import { RelayedSession, type RelayingConnection } from '../../../src/server/relay/relayed-session';
import type { Packet } from '../../../src/wire/packet';
import { VirtualTime } from '../../support/virtual-time';

it('tells the owner what the client’s connection was sent before the session begins there', () => {
  const said: Packet[] = [];
  const link = { pressure$: NEVER, send: (packet: Packet) => said.push(packet) } as unknown as NodeLink;
  const transport = { takenBytes: 70_000, queuedBytes: 7 };
  const connection = { transport } as unknown as RelayingConnection;
  const session = new RelayedSession(42, connection, link, new VirtualTime(), () => undefined);
  new RelayLink(link, () => undefined).begin(session, { attempt: 3 } as RemoteAnswer);
  expect(said.map((each) => [each.header.messageType, each.header.frameId, countOf(each)])).toEqual([
    [LinkType.Begin, 3, 70_007],
  ]);
});
