import { firstValueFrom } from 'rxjs';
import { memoryCluster } from '../../../src/cluster/memory-cluster';
import { decodeTokens, tokensOf } from '../../../src/server/log/session-record';
import { open, submit } from '../../../src/testing';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import { Peer } from '../../support/peer';
import { pause } from '../../support/until';
import { Fleet, type Node } from '../relay/fleet';

let fleet: Fleet;
let peers: Peer[];

beforeEach(() => {
  peers = [];
  fleet = new Fleet((session) => session.respond(() => 'an answer'), {}, memoryCluster({ log: true }));
});

afterEach(async () => {
  await Promise.all(peers.map((peer) => peer.close()));
  await fleet.end();
});

async function connect(node: Node): Promise<Peer> {
  const peer = new Peer(await firstValueFrom(node.place.connect()));
  peers.push(peer);
  return peer;
}

async function opened(peer: Peer, packet: Packet) {
  peer.send(packet);
  const { metadata, body } = (await peer.next())!;
  const ack = SessionOpenAckMetadata.decode(metadata);
  return { ...ack, token: body.slice(0, ack.resumeTokenBytes) };
}

const find = (sessionId: number) => fleet.cluster.join().log!.find(sessionId);

async function answered(peer: Peer, sessionId: number, frameId: number): Promise<void> {
  peer.send(submit(sessionId, frameId, 'a question'));
  for (;;) {
    const packet = await peer.next();
    if (packet === undefined) throw new Error('the connection ended instead of an answer');
    const { header } = packet;
    if (header.messageType === MessageType.ResultPush && header.frameId === frameId) return;
  }
}

it('has nothing logged under an id that its client has chosen: it may be another node’s', async () => {
  const [a, b] = [fleet.start(), fleet.start()];
  const own = await opened(await connect(a), open().resumable().announced());
  await pause(20);
  const before = await find(own.sessionId);
  expect(before).toMatchObject({ epoch: 1 });

  const stranger = await connect(b);
  const other = await opened(stranger, open(own.sessionId).resumable().announced());
  expect(other).toMatchObject({ sessionStatus: SessionStatus.Opened, sessionId: own.sessionId });
  await answered(stranger, own.sessionId, 1);
  await pause(20);
  expect(await find(own.sessionId)).toEqual(before);
  await answered(stranger, own.sessionId, 2);
});

it('lets nobody take a session with a token that its client has used up', async () => {
  const node = fleet.start();
  // Until then nothing is unknown to it.
  await pause(3000);
  const first = await connect(node);
  const { sessionId, token } = await opened(first, open().resumable().announced());
  await first.close();
  const client = await connect(node);
  const resumed = await opened(client, open(sessionId).resuming(token).announced({ receivedResults: 0 }));
  expect(resumed.sessionStatus).toBe(SessionStatus.Resumed);
  // The log hears of both tokens before the client uses the second.
  await pause(20);
  await answered(client, sessionId, 1);
  await pause(20);

  for (const asked of [token, token]) {
    const refused = await opened(
      await connect(node),
      open(sessionId).resuming(asked).announced({ receivedResults: 0 }),
    );
    expect(refused).toMatchObject({
      sessionStatus: SessionStatus.Rejected,
      sessionErrorCode: SessionErrorCode.ResumeRejected,
    });
  }
  await answered(client, sessionId, 2);
  const logged = await find(sessionId);
  expect(logged).toMatchObject({ epoch: 1 });
  expect(tokensOf(token, decodeTokens(logged!.tokens))).toBeUndefined();
});
