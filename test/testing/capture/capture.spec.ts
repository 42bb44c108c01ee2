import { concatMap, firstValueFrom, from, interval, map, take, toArray } from 'rxjs';
import { connect, createServer, decodeTokens, memory, tcp, type Server } from '../../../src';
import { memoryPair } from '../../../src/transport/memory';
import {
  capture,
  captureEndpoint,
  close,
  flow,
  open,
  ping,
  pong,
  readCapturedFlow,
  toMarbles,
  writeCapturedFlow,
  type CapturedEvent,
  type CapturedFlow,
} from '../../../src/testing';
import { readTimeline } from '../../../src/testing/marbles/timeline';
import { FlowScheduler } from '../../../src/testing/time/flow-scheduler';
import type { RevisionName } from '../../../src/wire/message';
import { messageTypeName } from '../../../src/wire/message-type';
import { clientSends } from '../../../src/testing/capture/captured-flow';
import { pause, until } from '../../support/until';

const answer = ['Call', ' me', ' Ishmael'];

/** What a client's side saw of an answer over real TCP. */
async function live(
  revision: RevisionName,
): Promise<{ readonly client: CapturedFlow; readonly server: CapturedFlow }> {
  const listening = captureEndpoint(tcp({ port: 0 }));
  const server: Server = createServer({ listen: listening.endpoint });
  server.sessions$.subscribe((session) => {
    session.respond(() =>
      interval(2).pipe(
        take(3),
        map((tick) => answer[tick]!),
      ),
    );
  });
  const [address] = await server.listening();
  const connecting = captureEndpoint(tcp({ port: address!.port }));
  const client = await connect(connecting.endpoint, { revision });
  // The server of the flow would choose another.
  const session = await client.openSession({ requestedSessionId: 1 });
  const tokens$ = session.submit({ body: 'Who?' }).pipe(concatMap(decodeTokens), toArray());
  expect(await firstValueFrom(tokens$)).toEqual(answer);
  await session.close();
  // An end within the millisecond of the answer would be played before it.
  await pause(3);
  await client.close();
  await until(() => server.connectionCount === 0, 'the end');
  await server.close();
  return {
    client: toMarbles(connecting.captures[0]!.events),
    server: toMarbles(listening.captures[0]!.events),
  };
}

/** The types of the packets of a string. */
function typesIn({ packets }: CapturedFlow, marbles: string): readonly string[] {
  const { marks } = readTimeline(marbles, new FlowScheduler());
  return marks
    .flatMap((mark) => (mark.kind === 'letter' ? (packets[mark.letter] ?? []) : []))
    .map(({ header }) => messageTypeName(header.messageType));
}

/** What a client says and hears in each revision, up to its session's end. */
const SAID = {
  preview3: {
    asked: ['SESSION_OPEN', 'FRAME_SUBMIT', 'SESSION_CLOSE'],
    answers: ['SESSION_OPEN_ACK', ...Array<string>(4).fill('RESULT_PUSH'), 'SESSION_CLOSE_ACK'],
  },
  preview4: {
    asked: ['CLIENT_HELLO', 'SESSION_OPEN', 'FRAME_SUBMIT', 'SESSION_CLOSE'],
    answers: [
      'SERVER_HELLO_ACK',
      'SESSION_OPEN_ACK',
      ...Array<string>(3).fill('PARTIAL_RESULT'),
      'RESULT_PUSH',
      'SESSION_CLOSE_ACK',
    ],
  },
} as const;

describe.each(['preview3', 'preview4'] as const)('a capture of a live connection of %s', (revision) => {
  let captured: Awaited<ReturnType<typeof live>>;

  beforeAll(async () => {
    captured = await live(revision);
  });

  it('has the packets of both directions, in order', () => {
    const { sent, received } = captured.client;
    const { asked, answers } = SAID[revision];
    expect([sent, received].map((marbles) => typesIn(captured.client, marbles))).toEqual([asked, answers]);
    expect(typesIn(captured.server, captured.server.received)).toEqual(asked);
    expect([captured.client, captured.server].map(clientSends)).toEqual([true, false]);
  });

  it.each(['client', 'server'] as const)('replays as a client, in virtual time, as the %s saw it', (side) =>
    flow(({ serve, replay, expectQuiescent }) => {
      serve({ respond: () => from(answer) });
      replay(captured[side], { as: 'client' });
      expectQuiescent();
    }),
  );

  it.each(['client', 'server'] as const)('replays as a server, in virtual time, as the %s saw it', (side) =>
    flow(async ({ client, replay, expectQuiescent }) => {
      replay(captured[side], { as: 'server' });
      const connected = await client({ revision });
      const session = await connected.openSession({ requestedSessionId: 1 });
      const asked$ = session.submit({ body: 'Who?' }).pipe(concatMap(decodeTokens), toArray());
      expect(await firstValueFrom(asked$)).toEqual(answer);
      await session.close();
      await connected.close();
      expectQuiescent();
    }),
  );

  it('fails where a server answers otherwise', async () => {
    const replayed = flow(({ serve, replay }) => {
      serve({ respond: () => from(['Call', ' me', ' Ahab']) });
      replay(captured.client, { as: 'client' });
    });
    await expect(replayed).rejects.toThrow('body: expected tokens " Ishmael", got tokens " Ahab"');
  });

  it('goes through text and comes back', () => {
    const text = writeCapturedFlow(captured.client);
    const back = readCapturedFlow(text);
    expect(back.sent).toBe(captured.client.sent);
    expect(back.packets).toEqual(captured.client.packets);
    expect(text).toMatch(/"a": "4e4e5250/);
  });
});

describe('capture', () => {
  it('changes nothing about the transport', () =>
    flow(({ scheduler, expectObservable }) => {
      const [left, right] = memoryPair({ scheduler });
      const captured = capture(left, { clock: scheduler });
      expectObservable(captured.packets$.pipe(map(({ header }) => header.frameId))).toBe('(ab)--|', {
        a: 1,
        b: 2,
      });
      expectObservable(captured.pressure$).toBe('p-----|', { p: false });
      expect([captured.kind, captured.peer, captured.probe]).toEqual([left.kind, left.peer, undefined]);
      right.packets$.subscribe();
      right.send(ping(1));
      right.send(ping(2));
      captured.send(pong(1));
      expect(captured.queuedBytes).toBe(40);
      setTimeout(() => void right.close(), 6);
    }));

  it('remembers how it ended, and who ended it', async () => {
    const ends = async (
      end: (left: ReturnType<typeof capture>, right: ReturnType<typeof memoryPair>[1]) => unknown,
    ) => {
      const [left, right] = memoryPair();
      const captured = capture(left, { clock: { now: () => 0 } });
      captured.packets$.subscribe({ error: () => undefined });
      right.packets$.subscribe();
      await end(captured, right);
      await pause(5);
      return captured.events;
    };
    expect(await ends((left) => left.close())).toEqual([{ kind: 'end', direction: 'sent', at: 0 }]);
    expect(await ends((left) => left.destroy())).toEqual([{ kind: 'cut', direction: 'sent', at: 0 }]);
    expect(await ends((_, right) => right.close())).toEqual([{ kind: 'end', direction: 'received', at: 0 }]);
  });

  it('stops when it has enough', () => {
    const [left] = memoryPair();
    const captured = capture(left, { maxEvents: 2 });
    for (const frameId of [1, 2, 3]) captured.send(ping(frameId));
    expect(captured.events).toHaveLength(2);
  });

  it('keeps copies', () => {
    const [left] = memoryPair();
    const captured = capture(left);
    const body = Uint8Array.of(1, 2);
    captured.send(close(body));
    body[0] = 9;
    expect(captured.events[0]).toMatchObject({ packet: { body: Uint8Array.of(1, 2) } });
  });

  it('captures an endpoint that can do one thing alone', async () => {
    const endpoint = memory();
    const { endpoint: listening, captures } = captureEndpoint({
      kind: 'memory',
      listen: () => endpoint.listen(),
    });
    expect(Object.keys(listening)).toEqual(['kind', 'listen']);
    const server = createServer({ listen: listening });
    expect(await server.listening()).toMatchObject([{ url: 'memory:' }]);
    const client = await connect(endpoint);
    expect(captures).toHaveLength(1);
    await client.close();
    await server.close();
  });
});

describe('toMarbles', () => {
  const at = (ms: number, direction: 'sent' | 'received', frameId: number): CapturedEvent => ({
    kind: 'packet',
    direction,
    at: ms,
    packet: ping(frameId),
  });

  it('starts with the first event, and aligns both directions', () => {
    const { sent, received, packets } = toMarbles([
      at(7.2, 'sent', 1),
      at(9.9, 'received', 2),
      at(11, 'sent', 1),
    ]);
    expect([sent, received]).toEqual(['a--a', '--b-']);
    expect(Object.keys(packets)).toEqual(['a', 'b']);
  });

  it('has one letter for the same packet, in both directions', () => {
    expect(toMarbles([at(0, 'sent', 1), at(3, 'received', 1)])).toMatchObject({
      sent: 'a---',
      received: '---a',
    });
  });

  it('groups what comes at once, and names a burst where the next follows too soon', () => {
    const group = toMarbles([at(0, 'sent', 1), at(0, 'sent', 2), at(4, 'sent', 3)]);
    expect(group.sent).toBe('(ab)c');
    const burst = toMarbles([at(0, 'sent', 1), at(0, 'sent', 2), at(3, 'sent', 3)]);
    expect(burst.sent).toBe('a--b');
    expect(burst.packets['a']).toEqual([ping(1), ping(2)]);
  });

  it('has the end', () => {
    const end: CapturedEvent = { kind: 'end', direction: 'received', at: 5 };
    const cut: CapturedEvent = { kind: 'cut', direction: 'sent', at: 5 };
    expect(toMarbles([at(0, 'sent', 1), end])).toMatchObject({ received: '-----|' });
    expect(toMarbles([at(0, 'sent', 1), at(5, 'sent', 2), cut])).toMatchObject({ sent: 'a----(b#)' });
  });

  it('has letters for as many packets as there are', () => {
    const events = Array.from({ length: 200 }, (_, index) => at(index, 'sent', index + 1));
    const { sent, packets } = toMarbles(events);
    expect([...sent]).toHaveLength(200);
    expect(Object.keys(packets)).toHaveLength(200);
  });

  it('takes long captures', () => {
    const events = Array.from({ length: 50_000 }, (_, index) => at(index, 'sent', index + 1));
    const { sent, packets } = toMarbles(events);
    expect([...sent]).toHaveLength(50_000);
    expect(Object.keys(packets)).toHaveLength(50_000);
  });

  it('is empty for nothing', () => {
    expect(toMarbles([])).toEqual({ sent: '', received: '', packets: {} });
  });
});

describe('clientSends', () => {
  it('needs something that only clients send', () => {
    expect(clientSends({ sent: '', received: 'a', packets: { a: open(1) } })).toBe(false);
    expect(clientSends({ sent: 'a', received: 'b', packets: { a: [ping(), open(1)], b: pong() } })).toBe(
      true,
    );
    expect(() => clientSends({ sent: 'a', received: '', packets: { a: ping() } })).toThrow(
      'does not tell which side is the client',
    );
  });
});

describe('readCapturedFlow', () => {
  it.each([
    '{}',
    '5',
    'null',
    '{"sent":"a","received":1,"packets":{}}',
    '{"sent":"","received":"","packets":{"a":5}}',
  ])('refuses %s', (text) => {
    expect(() => readCapturedFlow(text)).toThrow('this text is no captured flow');
  });
});
