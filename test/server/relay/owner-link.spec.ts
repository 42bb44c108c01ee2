import type { ClientSession } from '../../../src/client/session/session';
import { SessionCore } from '../../../src/server/session/session-core';
import { serve, ticketsOf } from '../log/answers';
import { VirtualNodes, type VirtualNode } from '../log/support';

let nodes: VirtualNodes;

afterEach(async () => {
  jest.restoreAllMocks();
  await nodes.end();
});

type Leave = (session: ClientSession, owner: VirtualNode) => unknown;

const waysToLeave: [string, Leave][] = [
  ['its client closes it', (session) => session.close()],
  ['the application closes it', ({ sessionId }, owner) => sessionOf(owner, sessionId).close()],
  ['it is revoked', ({ sessionId }, owner) => sessionOf(owner, sessionId).revoke()],
  [
    'a client at its own node takes it over',
    (session, owner) => {
      nodes.sendTo(owner);
      return nodes.resume(ticketsOf(session)());
    },
  ],
];

function sessionOf({ sessions }: VirtualNode, sessionId: number) {
  return sessions.find((each) => each.sessionId === sessionId)!;
}

it.each(waysToLeave)(
  'a link keeps nothing of a session of its node that it carried, as %s',
  async (_, leave) => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const [owner, relay] = nodes.nodes as [VirtualNode, VirtualNode];
    const [left, stays] = [await nodes.open(), await nodes.open()];
    nodes.sendTo(relay);
    nodes.cut(owner);
    await nodes.pass(200);
    expect([relay.server.connectionCount, owner.server.sessionCount]).toEqual([2, 2]);
    const leaving = leave(left, owner);
    await nodes.pass(200);
    await leaving;

    // What it has, it tells of the end of the link.
    const lost = jest.spyOn(SessionCore.prototype, 'connectionLost');
    nodes.cut(owner);
    await nodes.pass(1);
    const told = lost.mock.calls.flatMap(([{ isRelayed }], call) => (isRelayed ? [call] : []));
    expect(told.map((call) => (lost.mock.contexts[call] as SessionCore).sessionId)).toEqual([
      stays.sessionId,
    ]);
  },
);
