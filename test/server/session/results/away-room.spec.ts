import { Subject } from 'rxjs';
import type { Answer } from '../../../../operators/application/respond-to-submits';
import { HELD_RESULT_BYTES, type OutboxLimits } from '../../../../src/protocol/operation/result-outbox';
import type { ServerOptions } from '../../../../src/server/options';
import type { SubmitEnd } from '../../../../src/server/session/session-message';
import { open, resumeToken, scriptedTokens, submit } from '../../../../src/testing';
import { HEADER_LENGTH } from '../../../../src/wire/header';
import { MessageType } from '../../../../src/wire/message-type';
import { give } from '../../../../src/wire/bytes/own-bytes';
import type { Packet } from '../../../../src/wire/packet';
import { settled } from '../../../support/async';
import { Peer } from '../../../support/peer';
import { endServed, told } from '../../../support/served';
import { arrived, openedPeer, sendAll, serveInVirtualTime } from '../../limits/support';

afterEach(endServed);

const SESSION = 42;
const PART = HELD_RESULT_BYTES + HEADER_LENGTH + 64;
/** That an operation has ended, with the longest text. */
const LAST_WORD = PART + 256;

/** A session of some operations that answer from outside, and whose client can be away. */
async function serve(
  operations: number,
  outbox: Partial<OutboxLimits>,
  options: Partial<ServerOptions> = {},
) {
  const answers = new Map<number, Subject<Answer>>();
  const ends = new Map<number, SubmitEnd>();
  let states: unknown[] = [];
  const { served, time } = serveInVirtualTime({ outbox, randomBytes: scriptedTokens(), ...options });
  served.server.sessions$.subscribe((session) => {
    states = told(session.state$);
    session.respond((each) => {
      const answer$ = new Subject<Answer>();
      answers.set(each.frameId, answer$);
      each.ended$.subscribe((end) => ends.set(each.frameId, end));
      return answer$;
    });
  });
  const first = await openedPeer(served, open(SESSION).resumable().announced());
  await sendAll(
    first,
    Array.from({ length: operations }, (_, index) => submit(SESSION, index + 1)),
  );
  return {
    served,
    time,
    states,
    ends,
    part: (frameId: number, bytes: Uint8Array | string | number): void => {
      answers.get(frameId)?.next(typeof bytes === 'number' ? new Uint8Array(bytes) : bytes);
    },
    complete: (frameId: number): void => answers.get(frameId)?.complete(),
    isObserved: (frameId: number): boolean => answers.get(frameId)?.observed === true,
    leave: async (): Promise<string[]> => {
      const seen = await arrived(first);
      first.destroy();
      await settled();
      return seen.map(word);
    },
    /** What its client gets that comes back with so many results, behind the ack. */
    back: async (receivedResults: number): Promise<string[]> => {
      const peer = await Peer.connect(served.endpoint);
      await sendAll(peer, [open(SESSION).resuming(resumeToken(1)).announced({ receivedResults })]);
      return (await arrived(peer)).slice(1).map(word);
    },
  };
}

/** `1` for a part of operation 1, `1|` for its end, `1x` where it has failed. */
function word({ header, metadata }: Packet): string {
  if (header.messageType === MessageType.Error) return `${header.frameId}x`;
  if (header.messageType !== MessageType.ResultPush) return String(header.messageType);
  return metadata[2] === 0 && metadata[3] === 0 ? `${header.frameId}|` : String(header.frameId);
}

describe('the room for results of a client that is away', () => {
  it('is paid for by who floods it, and not by three that are quiet', async () => {
    const session = await serve(4, { maxBytes: 16 * PART + 4 * LAST_WORD });
    for (const id of [1, 2]) session.part(id, 1);
    expect(await session.leave()).toEqual(['1', '2']);
    for (const id of [2, 3, 4]) session.part(id, 1);
    for (let part = 0; part < 100; part += 1) session.part(1, 1);
    expect([session.isObserved(1), session.ends]).toEqual([false, new Map([[1, 'failed']])]);
    for (const id of [2, 3, 4]) session.complete(id);
    expect(session.states.at(-1)).toBe('reconnecting');
    // What was sent has its number; what was not is forgotten.
    expect(await session.back(2)).toEqual(['2', '3', '4', '1x', '2|', '3|', '4|']);
    expect(session.served.failures.map(({ message }) => message)).toEqual([
      'operation 1 of session 42 has ended: of those that run it had most waiting for its client, which is away, and the outbox is full; answer with an iterable, heed submit.pressure$, or raise outbox.maxBytes',
    ]);
    expect(session.served.server.usage).toMatchObject({ operationsInFlight: 0 });
  });

  it('is made by the one that has most waiting, whoever asks for it', async () => {
    const session = await serve(2, { maxBytes: 11 * PART + 2 * LAST_WORD });
    await session.leave();
    for (let part = 0; part < 8; part += 1) session.part(1, 1);
    for (let part = 0; part < 6; part += 1) session.part(2, 1);
    expect(session.ends).toEqual(new Map([[1, 'failed']]));
    session.complete(2);
    expect(await session.back(0)).toEqual(['2', '2', '1x', '2', '2', '2', '2', '2|']);
  });

  it('is not taken from answers that are complete', async () => {
    const session = await serve(3, { maxBytes: 8 * PART + 3 * LAST_WORD });
    await session.leave();
    for (let part = 0; part < 7; part += 1) session.part(1, 1);
    session.complete(1);
    for (const id of [2, 2, 3, 3, 3]) session.part(id, 1);
    expect(session.ends.get(1)).toBe('completed');
    expect(session.states.at(-1)).toBe('reconnecting');
    expect((await session.back(0)).slice(0, 8)).toEqual(['1', '1', '1', '1', '1', '1', '1', '1|']);
    expect([session.ends.get(2), session.ends.get(3)]).toEqual(['failed', 'failed']);
  });

  it('always has a place for a last word about each that runs', async () => {
    const session = await serve(4, { maxBytes: 2 * PART + 4 * LAST_WORD });
    await session.leave();
    for (const _ of [1, 2]) session.part(1, 0);
    session.complete(1);
    for (const id of [2, 3, 4]) session.part(id, 1000);
    expect(session.states.at(-1)).toBe('reconnecting');
    expect(await session.back(0)).toEqual(['1', '1', '1|', '2x', '3x', '4x']);
  });

  it.each([
    ['bytes', () => new Uint8Array(1000)],
    ['a text', () => 'x'.repeat(900)],
    ['a long text', () => 'x'.repeat(20_000)],
    ['bytes that were given away', () => give(new Uint8Array(60_000).subarray(0, 40_000))],
  ])('is measured as it is kept: %s', async (_, make) => {
    for (let maxBytes = 30_000; maxBytes < 130_000; maxBytes += 7919) {
      const session = await serve(1, { maxBytes });
      await session.leave();
      for (let part = 0; part < 200; part += 1) session.part(1, make());
      expect([session.ends.get(1), session.states.at(-1)]).toEqual(['failed', 'reconnecting']);
    }
  });

  it('counts no more among all sessions than is kept', async () => {
    const session = await serve(2, { maxBytes: 10 * PART }, { limits: { maxDetachedBytes: 12 * PART } });
    await session.leave();
    for (const id of [1, 2]) for (let part = 0; part < 20; part += 1) session.part(id, 1);
    expect(session.ends).toEqual(new Map([1, 2].map((id) => [id, 'failed'])));
    expect([session.served.limits, session.states.at(-1)]).toEqual([[], 'reconnecting']);
    session.time.advance(120_000);
    expect(session.states).toEqual(['open', 'reconnecting', 'expired', '|']);
  });
});
