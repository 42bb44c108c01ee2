import type { ClientSession } from '../../../src/client/session/session';
import { encodeSessionExtension } from '../../../src/protocol/session/session-extension';
import { error } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import {
  SessionAckFlag,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import { packet, type Packet } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import type { Peer } from '../../support/peer';
import { until } from '../../support/until';
import { connectUnasked, PlayedPlace } from '../support';

const TOKEN = new Uint8Array(16).fill(7);
const LONG = new Uint8Array(64 * 1024);

/** A server that says what it takes, and has received no submit. */
function ack(sessionId: number, sessionStatus: SessionStatus): Packet {
  const extension = encodeSessionExtension({ lastOperationId: 0, largestPacket: 1 << 20 });
  const metadata = SessionOpenAckMetadata.of({
    sessionId,
    sessionStatus,
    sessionFlagsAck: SessionAckFlag.ResumeEnabled,
    resumeWindowMs: 60_000,
    resumeTokenBytes: TOKEN.length,
    sessionExtensionBytes: extension.length,
    grantedOperationCredit: 4,
    maxInFlightOperations: 4,
  });
  const header = { messageType: MessageType.SessionOpenAck, sessionId };
  return packet(header, SessionOpenAckMetadata.encode(metadata), Uint8Array.from([...TOKEN, ...extension]));
}

const ends: (() => Promise<void>)[] = [];

afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

/** Sessions 1 and 2 of a client, and the server that is played to it on each connection. */
class Played {
  private readonly place = new PlayedPlace();
  private links = 0;
  readonly ended: unknown[] = [];

  async open(): Promise<ClientSession[]> {
    const client = await connectUnasked(this.place.endpoint, { closeTimeoutMs: 10 });
    ends.push(() => client.close());
    const opening = [1, 2].map(() => client.openSession({ reconnect: { minDelayMs: 0, maxDelayMs: 1 } }));
    await this.carry(SessionStatus.Opened);
    return Promise.all(opening);
  }

  submit(session: ClientSession, body: Uint8Array): void {
    session.submit({ body }).subscribe({ error: (failure: unknown) => this.ended.push(failure) });
  }

  /** Takes the sessions up over the next connection, and returns which of them send a submit there. */
  async carry(status: SessionStatus = SessionStatus.Resumed): Promise<number[]> {
    const { peers } = this.place;
    await until(() => peers.length > this.links, 'the next connection');
    const peer = peers[this.links]!;
    this.links += 1;
    const senders: number[] = [];
    let opened = 0;
    while (opened < 2) {
      const { messageType, sessionId } = (await peer.next())!.header;
      if (messageType === MessageType.FrameSubmit) senders.push(sessionId);
      if (messageType !== MessageType.SessionOpen) continue;
      opened += 1;
      peer.send(ack(opened, status));
    }
    return [...senders, ...(await submitsOf(peer))];
  }

  /** Ends the connection that there is, with a word or without one. */
  async end(word?: Packet): Promise<void> {
    const peer = this.place.peers[this.links - 1]!;
    if (word !== undefined) peer.send(word);
    await peer.close();
  }
}

async function submitsOf(peer: Peer): Promise<number[]> {
  const senders: number[] = [];
  for (await settled(); peer.waiting > 0;) {
    const { messageType, sessionId } = (await peer.next())!.header;
    if (messageType === MessageType.FrameSubmit) senders.push(sessionId);
  }
  return senders;
}

describe('a submit that connections end before', () => {
  const fatal = error({}, 0x10001, 'it took too long').fatal();

  it('is taken for their reason where it is the most that was sent, not where it came behind', async () => {
    const played = new Played();
    const [long, small] = await played.open();
    played.submit(long!, LONG);
    played.submit(small!, new Uint8Array(1000));
    await played.end(fatal);
    expect(await played.carry()).toEqual([1, 2]);
    await played.end(fatal);
    expect(await played.carry()).toEqual([2]);
    expect(played.ended).toEqual([
      expect.objectContaining({
        reason: 'undeliverable',
        sessionId: 1,
        errorCode: 0x10001,
        text: 'it took too long',
      }),
    ]);
  });

  it.each([
    ['what the server says was not the end', error({}, 0x10001, 'never mind')],
    ['it says nothing', undefined],
  ])('has five chances where %s', async (_what, word) => {
    const played = new Played();
    const [long] = await played.open();
    played.submit(long!, LONG);
    for (let times = 1; times < 5; times++) {
      await played.end(word);
      expect(await played.carry()).toEqual([1]);
    }
    await played.end(word);
    expect(await played.carry()).toEqual([]);
    expect(played.ended).toEqual([expect.objectContaining({ reason: 'undeliverable', text: '' })]);
  });

  it('is sent each time where it is small and nothing is said', async () => {
    const played = new Played();
    const [small] = await played.open();
    played.submit(small!, new Uint8Array(8 * 1024));
    for (let times = 0; times < 20; times++) {
      await played.end();
      expect(await played.carry()).toEqual([1]);
    }
    expect(played.ended).toEqual([]);
  });
});
