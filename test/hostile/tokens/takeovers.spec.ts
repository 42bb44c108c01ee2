import { tcp, type ListenAddress } from '../../../src';
import { open, submit } from '../../../src/testing';
import {
  MessageType,
  SessionOpenAckMetadata,
  SessionStatus,
  type Packet,
  type SessionOpenAckMetadata as Ack,
} from '../../../src/wire';
import { Peer } from '../../support/peer';
import { figure } from '../support/figure';
import { scaled } from '../support/scale';
import { Victims } from './victims';

const RACES = scaled(2000, 200);
const SESSION = 1;

interface Runner {
  readonly peer: Peer;
  readonly ack: Ack;
  readonly token: Uint8Array;
}

describe('two who take the same session up at once', () => {
  let victims: Victims;
  let endpoint: ReturnType<typeof tcp>;

  beforeEach(async () => {
    victims = new Victims(tcp({ port: 0 }), {
      // The races of one address, which lose often.
      limits: { addressTokenFailures: { burst: Infinity, perSecond: 0 } },
    });
    const [{ port }] = (await victims.server.listening()) as [ListenAddress];
    endpoint = tcp({ port });
    await victims.leave(endpoint, [SESSION]);
  });

  afterEach(async () => {
    await victims.server.close({ graceMs: 0 });
  });

  /** Connects, and sends a resume with each of the tokens in one turn; who was answered what. */
  async function race(tokens: readonly Uint8Array[]): Promise<Runner[]> {
    const peers = await Promise.all(tokens.map(() => Peer.connect(endpoint)));
    peers.forEach((peer, index) => peer.send(open(SESSION).resuming(tokens[index]!)));
    return Promise.all(
      peers.map(async (peer) => {
        const answer = (await peer.next(10_000))!;
        expect(answer.header.messageType).toBe(MessageType.SessionOpenAck);
        const ack = SessionOpenAckMetadata.decode(answer.metadata);
        return { peer, ack, token: answer.body.slice(0, ack.resumeTokenBytes) };
      }),
    );
  }

  /** Whether a peer has the session: its submit is answered, or refused as one for another session. */
  async function has({ peer }: Runner, frameId: number): Promise<boolean> {
    const answer: Packet | undefined = await peer.send(submit(SESSION, frameId, 'mine')).next(10_000);
    const type = answer?.header.messageType;
    expect([MessageType.ResultPush, MessageType.Error]).toContain(type);
    return type === MessageType.ResultPush;
  }

  it('end with one of them, each time, where both have the token', async () => {
    let token = victims.tokens.get(SESSION)!;
    let single = 0;
    for (let number = 0; number < RACES; number++) {
      const runners = await race([token, token]);
      // Whoever sends first must not decide it: they take turns.
      const order = number % 2 === 0 ? runners : [...runners].reverse();
      const winners: Runner[] = [];
      for (const [index, runner] of order.entries()) {
        if (await has(runner, 2 * number + index + 1)) winners.push(runner);
      }
      if (winners.length === 1) single += 1;
      token = winners.at(-1)!.token;
      // The loser's token is of no use, whatever it was told.
      const loser = runners.find((runner) => runner !== winners[0])!;
      if (loser.token.length > 0 && number % 10 === 0) {
        const [again] = await race([loser.token]);
        expect(again!.ack.sessionStatus).toBe(SessionStatus.Rejected);
        again!.peer.destroy();
      }
      for (const { peer } of runners) peer.destroy();
    }
    figure({ name: 'takeover races with one winner', value: single, unit: 'races', atLeast: RACES });
    expect(victims.server.sessionCount).toBe(1);
  }, 300_000);

  it('end with the one that has the token, where the other has an old one', async () => {
    let token = victims.tokens.get(SESSION)!;
    let old = victims.oldTokens[0]!;
    let rightful = 0;
    for (let number = 0; number < RACES; number++) {
      const isFirst = number % 2 === 0;
      const runners = await race(isFirst ? [token, old] : [old, token]);
      const [owner, thief] = (isFirst ? runners : [...runners].reverse()) as [Runner, Runner];
      const isRightful =
        owner.ack.sessionStatus === SessionStatus.Resumed &&
        thief.ack.sessionStatus === SessionStatus.Rejected;
      if (isRightful && (await has(owner, number + 1)) && !(await has(thief, number + 1))) rightful += 1;
      old = token;
      token = owner.token;
      for (const { peer } of runners) peer.destroy();
    }
    figure({ name: 'races won by the token', value: rightful, unit: 'races', atLeast: RACES });
  }, 300_000);
});
