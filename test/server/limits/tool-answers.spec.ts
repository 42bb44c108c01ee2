import { OperationState } from '../../../src/protocol/operation/operation';
import { encodeToolAnswer } from '../../../src/protocol/content/tool-call';
import { DEFAULT_SERVER_LIMITS } from '../../../src/server/limits/server-limits';
import type { Submit } from '../../../src/server/session/session-message';
import { open, submit } from '../../../src/testing';
import type { Packet } from '../../../src/wire/packet';
import { endServed } from '../../support/served';
import type { Peer } from '../../support/peer';
import {
  arrived,
  errorsOf,
  FAREWELL,
  many,
  openedPeer,
  sendAll,
  serveReading,
  SESSION,
  stillServes,
} from './support';

afterEach(endServed);

const { burst } = DEFAULT_SERVER_LIMITS.refusals;

/** Answers a call of an operation's, as a submit of the next frame. */
function answering(frameId: number, parentId: number, id: number, value: unknown = frameId): Packet {
  const { body, fields } = encodeToolAnswer(id, { value });
  return submit(SESSION, frameId, body).with({ ...fields, dependencyFrameId: parentId });
}

/** A peer whose operations call so many tools each, and what its handlers hear. */
async function called(operations: number, callsOfEach: number) {
  const { served, time } = serveReading();
  const heard: unknown[] = [];
  const submits: Submit[] = [];
  served.server.sessions$.subscribe((session) =>
    session.respond(async function* (each) {
      submits.push(each);
      const calls = Array.from({ length: callsOfEach }, () => each.tool({ name: 'it' }));
      for (const call of calls) heard.push(await call);
      yield 'done';
    }),
  );
  const peer = await openedPeer(served, open(SESSION).announced());
  await sendAll(
    peer,
    many(operations, (frameId) => submit(SESSION, frameId)),
  );
  await arrived(peer);
  return { served, time, heard, submits, peer };
}

/** Sends answers from a frame on, of which nobody has asked for any, until the server has had enough. */
async function flood(peer: Peer, first: number, parentOf: (frameId: number) => number): Promise<void> {
  const answers = many(10 * burst, (number) => {
    const frameId = first + number;
    return answering(frameId, parentOf(frameId), 1);
  });
  await sendAll(peer, answers);
}

describe('an answer of a tool', () => {
  it('counts once, and for who has asked for it', async () => {
    const { served, heard, submits, peer } = await called(2, 1);
    expect(submits.map(({ state }) => state)).toEqual(Array(2).fill(OperationState.WaitingTool));
    // The second's, as if the first had asked; a call of nobody's; then both as they are, and again.
    const answers: [number, number, string][] = [
      [1, 2, 'of another'],
      [1, 77, 'of nobody'],
      [1, 1, 'first'],
      [1, 1, 'first again'],
      [2, 2, 'second'],
      [9, 2, 'of no operation'],
    ];
    await sendAll(
      peer,
      answers.map(([parentId, id, value], index) => answering(3 + index, parentId, id, value)),
    );
    expect(heard).toEqual(['first', 'second']);
    expect(submits.map(({ state }) => state)).toEqual(Array(2).fill(OperationState.Completed));
    expect(served.server.usage.operationsInFlight).toBe(0);
    expect([served.violations, served.failures, served.limits]).toEqual([[], [], []]);
    expect(stillServes(served)).toBe(true);
  });

  it.each([
    ['nobody has asked for', () => 1000],
    ['has been given', () => 1],
  ])('that %s is refused a few times, and not for ever; nobody else hears of it', async (_, parentOf) => {
    const { served, heard, peer } = await called(1, 1);
    const neighbour = await served.open();
    const answer = neighbour.submit({ body: 'of the neighbour' });
    answer.tools$.subscribe((call) => {
      call.answer('of the neighbour');
    });
    await sendAll(peer, [answering(2, 1, 1, 'once')]);
    await flood(peer, 2, parentOf);
    expect((await answer.whole()).text).toBe('done');
    expect(heard.sort()).toEqual(['of the neighbour', 'once']);
    expect(served.limits).toMatchObject([{ limit: 'refusals', sessionId: SESSION, observed: burst + 1 }]);
    expect(errorsOf(await arrived(peer)).at(-1)).toEqual(FAREWELL);
    expect(served.server.connectionCount).toBe(1);
    expect(served.server.usage.operationsInFlight).toBe(0);
  });

  it('is no refusal while there are no more than calls, however late they come', async () => {
    const { served, peer } = await called(4, 64 / 4);
    const late = served.limits.length;
    await sendAll(
      peer,
      many(64, (number) => answering(4 + number, 99, number)),
    );
    expect(served.limits.slice(late)).toEqual([]);
    expect(stillServes(served)).toBe(true);
  });

  it('that never comes holds so many calls, and no more of the server', async () => {
    const { served, submits, peer } = await called(4, 40);
    expect(served.limits[0]).toMatchObject({ limit: 'maxToolCalls', allowed: 64, observed: 65 });
    expect(submits).toHaveLength(4);
    const neighbour = await served.open();
    const answer = neighbour.submit({});
    answer.tools$.subscribe((call) => {
      call.answer(1);
    });
    expect((await answer.whole()).text).toBe('done');
    peer.destroy();
    await arrived(peer);
    await neighbour.close();
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, sessions: 0 });
  });

  it('that is no answer is none', async () => {
    const { served, heard, peer } = await called(1, 1);
    const { fields } = encodeToolAnswer(1, { value: 1 });
    const { body } = encodeToolAnswer(Number.NaN, { value: 1 });
    const answers = [body, encodeToolAnswer(-1, { value: 1 }).body];
    await sendAll(
      peer,
      answers.map((bytes, index) =>
        submit(SESSION, 2 + index, bytes).with({ ...fields, dependencyFrameId: 1 }),
      ),
    );
    expect(heard).toEqual([]);
    await sendAll(peer, [answering(4, 1, 1, 'right')]);
    expect(heard).toEqual(['right']);
    expect(stillServes(served)).toBe(true);
  });
});
