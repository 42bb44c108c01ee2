import { Subject } from 'rxjs';
import { open, submit } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import { SessionOpenAckMetadata } from '../../../src/wire/messages/session-open';
import { Peer } from '../../support/peer';
import { VirtualNodes, type VirtualNode } from '../log/support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

async function heard(peer: Peer): Promise<Packet[]> {
  await nodes.pass(5);
  const packets: Packet[] = [];
  while (peer.waiting > 0) packets.push((await peer.next())!);
  return packets;
}

/**
 * A client at one node with sessions of the other that closes, each with a result whose receipt it never proves, and with
 * one of that node's own, which is at work.
 */
async function silentClient(count: number) {
  nodes = new VirtualNodes(2);
  const own$ = new Subject<string>();
  const [owner, relay] = nodes.nodes as [VirtualNode, VirtualNode];
  owner.serve((session) => session.respond((each) => each.complete()));
  relay.serve((session) => session.respond(() => own$));
  await nodes.pass(10);
  const first = await Peer.connect(owner.listen);
  const carried: { readonly sessionId: number; readonly token: Uint8Array }[] = [];
  for (let number = 0; number < count; number++) {
    first.send(open(0).resumable().announced());
    const [ack] = await heard(first);
    const { sessionId, resumeTokenBytes } = SessionOpenAckMetadata.decode(ack!.metadata);
    carried.push({ sessionId, token: ack!.body.slice(0, resumeTokenBytes) });
    first.send(submit(sessionId, 1));
    await heard(first);
  }
  first.destroy();
  const peer = await Peer.connect(relay.listen);
  peer.send(...carried.map(resumed));
  expect(await resultsOf(peer)).toHaveLength(count);
  return { owner, relay, peer, own$, carried };
}

/** It has a session of the node that it is at, too, where an operation runs. */
async function atWork(peer: Peer): Promise<number> {
  peer.send(open(0).announced());
  const [ack] = await heard(peer);
  const { sessionId } = SessionOpenAckMetadata.decode(ack!.metadata);
  peer.send(submit(sessionId, 1));
  await heard(peer);
  return sessionId;
}

async function resultsOf(peer: Peer): Promise<number[]> {
  const packets = await heard(peer);
  const results = packets.filter(({ header }) => header.messageType === MessageType.ResultPush);
  return results.map(({ header }) => header.sessionId);
}

function resumed({ sessionId, token }: { readonly sessionId: number; readonly token: Uint8Array }) {
  return open(sessionId)
    .resuming(token)
    .announced({ receivedResults: 0, wantedOperations: [1] });
}

it('costs no session its connection that is at work at the node which has that', async () => {
  const { owner, relay, peer, own$ } = await silentClient(1);
  const busy = await atWork(peer);
  void owner.server.close();
  await nodes.pass(3000);
  own$.complete();
  expect(await resultsOf(peer)).toEqual([busy]);
  expect([relay.server.connectionCount, owner.server.sessionCount]).toEqual([1, 1]);
  // Nothing is in flight there any more.
  await nodes.pass(1200);
  expect([relay.server.connectionCount, owner.server.sessionCount]).toEqual([0, 0]);
  expect(nodes.nodes.flatMap(({ failures }) => failures)).toEqual([]);
});

it('is cut off there where all that it has is silent', async () => {
  const { owner, relay } = await silentClient(2);
  void owner.server.close();
  await nodes.pass(900);
  expect([relay.server.connectionCount, owner.server.sessionCount]).toEqual([1, 2]);
  await nodes.pass(200);
  expect([relay.server.connectionCount, owner.server.sessionCount]).toEqual([0, 0]);
});

it('fetches what it lacks at another node once the time of its own is over', async () => {
  const { owner, relay, peer, own$, carried } = await silentClient(1);
  const busy = await atWork(peer);
  void owner.server.close({ graceMs: 2000 });
  await nodes.pass(2100);
  nodes.crash(owner);
  expect([relay.server.connectionCount, owner.server.sessionCount]).toEqual([1, 0]);
  own$.complete();
  expect(await resultsOf(peer)).toEqual([busy]);
  await nodes.pass(6000);
  const again = await Peer.connect(relay.listen);
  again.send(resumed(carried[0]!));
  await nodes.pass(100);
  expect(await resultsOf(again)).toEqual([carried[0]!.sessionId]);
  expect(nodes.nodes.flatMap(({ failures }) => failures)).toEqual([]);
});
