import { NEVER, of } from 'rxjs';
import type { Progress } from '../../../src/protocol/operation/progress';
import { clientHello, inPreview4, open, submit } from '../../../src/testing';
import { decodeMessage } from '../../../src/wire/message';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { packet, type Packet } from '../../../src/wire/packet';
import { preview4 } from '../../../src/wire/preview4';
import { StageCode } from '../../../src/wire/preview4/results';
import type { Submit } from '../../../src/server/session/session-message';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';
import { until } from '../../support/until';

afterEach(endServed);

const SESSION = { sessionId: 42 };

function submit4(frameId: number): Packet {
  return inPreview4(MessageType.FrameSubmit, { ...SESSION, frameId }, { operationId: 70n + BigInt(frameId) });
}

/** What a peer is told of a submit whose handler does this with it. */
async function told(
  work: (asked: Submit) => void,
  asked: readonly Packet[],
): Promise<{ served: Served; seen: Packet[] }> {
  const served = new Served();
  served.server.sessions$.subscribe((session) =>
    session.respond((given) => {
      work(given);
      return of(given.complete());
    }),
  );
  const peer = await Peer.connect(served.listen);
  peer.send(...asked);
  const seen: Packet[] = [];
  for (;;) {
    const came = await peer.next();
    if (came === undefined) throw new Error('the connection has ended');
    seen.push(came);
    const { messageType } = came.header;
    if (messageType === MessageType.ResultPush || messageType === MessageType.ResultDrop)
      return { served, seen };
  }
}

describe('how far an answer is', () => {
  it('is told before its end, and numbered, in preview4', async () => {
    const { seen } = await told(
      (asked) => {
        asked.progress({ percent: 12.5, stage: StageCode.Executing, text: 'größe' });
        asked.progress({});
      },
      [clientHello(), open(42), submit4(1)],
    );
    const messages = seen.slice(2).map((came) => decodeMessage(came, preview4));
    expect(messages).toMatchObject([
      {
        messageType: MessageType.Progress,
        frameId: 1,
        metadata: { operationId: 71n, progressSequence: 1n, stageCode: 5, percentX100: 1250, bodyBytes: 7 },
      },
      { metadata: { progressSequence: 2n, stageCode: 0, percentX100: 0xffff, bodyBytes: 0 } },
      { messageType: MessageType.ResultPush },
    ]);
  });

  it('has a text of 256 bytes at most', async () => {
    const { seen } = await told(
      (asked) => {
        asked.progress({ text: 'é'.repeat(1000) });
      },
      [clientHello(), open(42), submit4(1)],
    );
    expect(seen[2]?.body.length).toBeLessThanOrEqual(256);
  });

  it('is not told in preview3', async () => {
    const { seen, served } = await told(
      (asked) => {
        asked.progress({ percent: 50 });
      },
      [open(42), submit(42, 1, 'ask')],
    );
    expect(seen.map(({ header }) => messageTypeName(header.messageType))).toEqual([
      'SESSION_OPEN_ACK',
      'RESULT_PUSH',
    ]);
    expect(served.failures).toEqual([]);
  });

  it.each([[{ percent: 101 }], [{ percent: NaN }], [{ stage: 0x8000 }], [{ text: 7 }], [{ procent: 1 }]])(
    'is not %j',
    async (odd) => {
      const { served } = await told(
        (asked) => {
          asked.progress(odd as Progress);
        },
        [open(42), submit(42, 1, 'ask')],
      );
      expect(String(served.failures[0])).toMatch(/(percent|stage|text) must be|procent/);
    },
  );

  it('is what a client listens to, beside the answer', async () => {
    const served = new Served();
    let given: Submit | undefined;
    served.server.sessions$.subscribe((session) =>
      session.respond((asked) => {
        given = asked;
        asked.progress({ percent: 40, text: 'reading' });
        return NEVER;
      }),
    );
    const session = await served.open({}, { revision: 'preview4' });
    const answer = session.submit({ body: 'ask' });
    const heard: Progress[] = [];
    let isOver = false;
    answer.progress$.subscribe({ next: (progress) => heard.push(progress), complete: () => (isOver = true) });
    const answering = answer.subscribe();
    await until(() => heard.length === 1, 'that');
    expect(heard).toEqual([{ percent: 40, stage: 0, text: 'reading' }]);
    answering.unsubscribe();
    await until(() => given?.hasEnded === true, 'that');
    given?.progress({ percent: 50 });
    await session.close();
    expect(heard).toHaveLength(1);
    expect(isOver).toBe(true);
  });

  it('waits for a client that does not read, the newest of each operation', async () => {
    const served = new Served({ maxInFlightOperations: 4 });
    const asked: Submit[] = [];
    served.server.sessions$.subscribe((session) =>
      session.respond((given) => {
        asked.push(given);
        return NEVER;
      }),
    );
    const peer = await Peer.connect(served.listen);
    peer.send(clientHello(), open(42), submit4(1), submit4(2));
    await peer.next();
    await peer.next();
    await until(() => asked.length === 2, 'that');
    const pressures: boolean[] = [];
    asked[0]!.pressure$.subscribe((pressure) => pressures.push(pressure));
    let count = 0;
    while (pressures.at(-1) !== true && count < 100_000)
      asked[0]!.progress({ text: `${(count += 1)} ${'x'.repeat(250)}` });
    expect(pressures.at(-1)).toBe(true);
    for (let more = 0; more < 1000; more++) asked[0]!.progress({ text: 'newest but one' });
    asked[0]!.progress({ text: 'newest' });
    asked[1]!.progress({ text: 'ended' });
    asked[1]!.fail();
    const texts: string[] = [];
    peer.send(packet({ messageType: MessageType.Ping, ...SESSION, frameId: 9 }));
    while (texts.at(-1) !== 'newest') {
      const came = await peer.next();
      if (came?.header.messageType === MessageType.Progress) texts.push(Buffer.from(came.body).toString());
    }
    expect(texts).toHaveLength(count + 1);
    expect(texts).not.toContain('ended');
  });
});
