import { firstValueFrom } from 'rxjs';
import { encodeToolCall } from '../../../src/protocol/content/tool-call';
import type { ClientSession } from '../../../src/client/session/session';
import { openAck, result } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { FrameSubmitMetadata } from '../../../src/wire/messages/frame-submit';
import type { Packet } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import type { Peer } from '../../support/peer';
import { played } from '../support';

const SESSION = 1;
/** Calls and answers that are not settled, of a session. */
const MOST = 1024;

async function session(): Promise<{ peer: Peer; session: ClientSession }> {
  const { client, peer } = await played();
  const opening = client.openSession();
  await peer.next();
  peer.send(openAck(SESSION).announced());
  return { peer, session: await opening };
}

/** So many calls of an operation's, by numbers from 1. */
function calls(frameId: number, count: number, idOf = (number: number): number => number): Packet[] {
  return Array.from({ length: count }, (_, index) => {
    const { body, fields } = encodeToolCall({ id: idOf(index + 1), name: 'it' });
    return result(SESSION, frameId, body).partial().with(fields);
  });
}

async function sent(peer: Peer): Promise<Packet[]> {
  await settled();
  const packets: Packet[] = [];
  while (peer.waiting > 0) packets.push((await peer.next()) as Packet);
  return packets;
}

const frames = (packets: readonly Packet[], type: MessageType): number[] =>
  packets.filter(({ header }) => header.messageType === type).map(({ header }) => header.frameId);

describe('a server that calls tools without end', () => {
  it('ends that operation, which says so, where nobody answers; its neighbour goes on', async () => {
    const { peer, session: opened } = await session();
    const flooded = opened.submit({ body: 'a' });
    const signals: AbortSignal[] = [];
    flooded.tools$.subscribe(({ signal }) => signals.push(signal));
    const failure = expect(flooded.whole()).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('asks for too many tools at once') as string,
    });
    const neighbour = opened.submit({ body: 'b' });
    neighbour.tools$.subscribe((call) => {
      call.answer('b');
    });
    const whole = neighbour.whole();
    await sent(peer);
    peer.send(...calls(1, 3 * MOST));
    await failure;
    // The operation itself waits, too.
    expect(signals).toHaveLength(MOST - 1);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(frames(await sent(peer), MessageType.FrameCancel)).toEqual([1]);
    peer.send(...calls(2, 1));
    const [answer] = await sent(peer);
    expect(FrameSubmitMetadata.read.dependencyFrameId(answer!.metadata)).toBe(2);
    peer.send(result(SESSION, 2, 'done'));
    expect((await whole).text).toBe('done');
    expect(await firstValueFrom(opened.credit$)).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it.each([
    ['are answered, and the server takes no answer', true],
    ['nobody listens to', false],
  ])('is told an end of it where calls %s', async (_, listens) => {
    const { peer, session: opened } = await session();
    const flooded = opened.submit({});
    if (listens) {
      flooded.tools$.subscribe((call) => {
        call.answer(1);
      });
    }
    const failure = expect(flooded.whole()).rejects.toMatchObject({ reason: 'refused' });
    await sent(peer);
    peer.send(...calls(1, 3 * MOST));
    await failure;
    const packets = await sent(peer);
    expect(frames(packets, MessageType.FrameSubmit)).toHaveLength(MOST);
    expect(frames(packets, MessageType.FrameCancel)).toEqual([1]);
  });

  it('is answered as long as it takes the answers', async () => {
    const { peer, session: opened } = await session();
    const answer = opened.submit({});
    let heard = 0;
    answer.tools$.subscribe((call) => {
      heard += 1;
      call.answer(heard);
    });
    const whole = answer.whole();
    await sent(peer);
    // All by one number: whoever asks twice is answered twice.
    for (let round = 0; round < 3; round++) {
      peer.send(...calls(1, MOST - 1, () => 7));
      const answers = frames(await sent(peer), MessageType.FrameSubmit);
      expect(answers).toHaveLength(MOST - 1);
      peer.send(...answers.map((frameId) => result(SESSION, frameId)));
    }
    peer.send(result(SESSION, 1, 'done'));
    expect((await whole).text).toBe('done');
    expect(heard).toBe(3 * (MOST - 1));
  });

  it('of operations that have ended, or never were, asks nobody', async () => {
    const { peer, session: opened } = await session();
    const answer = opened.submit({});
    const heard: string[] = [];
    answer.tools$.subscribe(({ name }) => heard.push(name));
    const whole = answer.whole();
    await sent(peer);
    peer.send(result(SESSION, 1, 'done'));
    await whole;
    peer.send(...calls(1, 10), ...calls(99, 10));
    expect(frames(await sent(peer), MessageType.FrameSubmit)).toEqual([]);
    expect(heard).toEqual([]);
    expect(opened.state).toBe('open');
  });
});
