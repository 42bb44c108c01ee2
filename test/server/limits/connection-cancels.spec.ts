import { NEVER } from 'rxjs';
import { CancelScope } from '../../../src/protocol/operation/operation';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import { SchedulingFlag } from '../../../src/wire/preview4/control/scheduling';
import { cancel, clientHello, inPreview4, open, submit } from '../../../src/testing';
import { Peer } from '../../support/peer';
import { endServed, type Served } from '../../support/served';
import { many, openedPeer, sendAll, SESSION, serve, serveReading, stillServes } from './support';

afterEach(endServed);

async function peerOf4(served: Served): Promise<Peer> {
  const peer = await Peer.connect(served.endpoint);
  await sendAll(peer, [clientHello(), open(SESSION)]);
  return peer;
}

function submit4(frameId: number): Packet {
  return inPreview4(
    MessageType.FrameSubmit,
    { sessionId: SESSION, frameId },
    { operationId: BigInt(frameId) },
  );
}

function supersede(frameId: number): Packet {
  const fields = { oldOperationId: BigInt(frameId), newOperationId: BigInt(frameId + 1) };
  return inPreview4(MessageType.Supersede, { sessionId: SESSION, frameId }, fields);
}

/** Of a server that has been told when it is. */
const wallClock = { now: () => 1_000_000 };

function past(frameId: number, flags: number = SchedulingFlag.DiscardStale): Packet {
  const fields = { operationId: BigInt(frameId), deadlineUnixMs: 1n, flags };
  return inPreview4(MessageType.Deadline, { sessionId: SESSION, frameId }, fields);
}

describe('cancels', () => {
  it.each([
    ['one stream of 60 a second, for a minute', 1, 16, 60_000],
    ['as many as credit allows, 50 times a second', 32, 20, 5_000],
  ])(
    'of what was in flight are use, however many: %s',
    async (_, credit, everyMs, forMs) => {
      const { served, time } = serveReading({ maxInFlightOperations: 64, grantedOperationCredit: credit });
      served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
      const peer = await openedPeer(served);
      let number = 0;
      for (let at = 0; at < forMs; at += everyMs) {
        await sendAll(
          peer,
          many(credit, () => submit(SESSION, (number += 1))),
        );
        time.advance(everyMs);
        await sendAll(
          peer,
          many(credit, (index) => cancel(SESSION, number - credit + index)),
        );
      }
      expect(served.limits).toEqual([]);
      expect(stillServes(served)).toBe(true);
    },
    30_000,
  );

  it('are use where a network delivers a second of them together with their submits', async () => {
    const { served, time } = serve();
    const peer = await openedPeer(served);
    for (let second = 0, number = 0; second < 600; second++) {
      time.advance(1000);
      await sendAll(
        peer,
        many(60, () => [submit(SESSION, (number += 1)), cancel(SESSION, number)]),
      );
    }
    expect(served.limits).toEqual([]);
  }, 30_000);

  it('are use where each crosses with its result, 60 a second', async () => {
    const { served, time } = serveReading();
    served.server.sessions$.subscribe((session) => session.respond((each) => each.complete()));
    const peer = await openedPeer(served);
    for (let number = 1; number < 60 * 60; number++) {
      await sendAll(peer, [submit(SESSION, number)]);
      time.advance(16);
      await sendAll(peer, [cancel(SESSION, number)]);
    }
    expect(served.limits).toEqual([]);
  }, 30_000);

  it.each([
    [
      'again and again',
      (number: number): Packet[] => (number === 1 ? [submit(SESSION, 1)] : [cancel(SESSION, 1)]),
    ],
    [
      'of what has just come',
      (number: number): Packet[] => [submit(SESSION, number), cancel(SESSION, number)],
    ],
  ])('%s are a flood', async (_, packetsOf) => {
    const { served } = serve();
    const peer = await openedPeer(served);
    await sendAll(peer, many(520, packetsOf));
    expect(served.limits).toMatchObject([{ limit: 'cancels', sessionId: SESSION, observed: 501 }]);
  });

  const ofAll = inPreview4(MessageType.Cancel, { sessionId: SESSION }, { operationId: 0n });

  it.each([
    ['CANCEL of all', (): Packet[] => [ofAll]],
    [
      'ABORT of all',
      (): Packet[] => [inPreview4(MessageType.Abort, { sessionId: SESSION }, { operationId: 0n })],
    ],
    ['SUPERSEDE', (frames: readonly number[]): Packet[] => frames.map(supersede)],
    [
      'DEADLINE that has passed',
      (frames: readonly number[]): Packet[] => frames.map((frameId) => past(frameId)),
    ],
  ])('count by what they take back: %s', async (_, taking) => {
    const { served, time } = serve({ wallClock, maxInFlightOperations: 64, grantedOperationCredit: 32 });
    let asked = 0;
    served.server.sessions$.subscribe((session) => session.submits$.subscribe(() => (asked += 1)));
    const peer = await peerOf4(served);
    const round = async (waitMs: number): Promise<void> => {
      const frames = Array.from({ length: 32 }, () => (number += 1));
      await sendAll(
        peer,
        frames.map((frameId) => submit4(frameId)),
      );
      time.advance(waitMs);
      await sendAll(peer, taking(frames));
    };
    let number = 0;
    for (let rounds = 0; rounds < 20; rounds++) await round(10);
    expect(served.limits).toEqual([]);
    for (let rounds = 0; rounds < 20; rounds++) await round(0);
    expect(served.limits).toMatchObject([{ limit: 'cancels', sessionId: SESSION, observed: 501 }]);
    expect(asked).toBe(20 * 32 + 16 * 32);
  });

  it.each([
    ['CANCEL of all', (): Packet => ofAll],
    ['SUPERSEDE', supersede],
  ])('that take nothing back are a flood: %s', async (_, packetOf) => {
    const { served } = serve();
    const peer = await peerOf4(served);
    await sendAll(peer, many(520, packetOf));
    expect(served.limits).toMatchObject([{ limit: 'cancels', sessionId: SESSION, observed: 501 }]);
  });

  it('are a flood in the guise of deadlines that passed before their submits', async () => {
    const { served } = serve({ wallClock });
    const peer = await peerOf4(served);
    await sendAll(
      peer,
      many(520, (frameId) => [past(frameId), submit4(frameId)]),
    );
    expect(served.limits).toMatchObject([{ limit: 'cancels', sessionId: SESSION, observed: 501 }]);
    expect(served.violations).toHaveLength(501);
  });

  it.each([
    ['before its submit, of 5 ms', true, 5, 1],
    ['after its submit, of 5 ms', false, 5, 1],
    ['before its submit, of 10 ms', true, 10, 0],
    ['after its submit, of 10 ms', false, 10, 0],
  ])('are a flood in the guise of deadlines that are near: %s', async (_, isBefore, leftMs, trips) => {
    const wall = { now: () => 1_000_000 };
    const { served, time } = serve({ wallClock: wall, maxInFlightOperations: 8, grantedOperationCredit: 8 });
    wall.now = () => 1_000_000 + time.now();
    let ended = 0;
    served.server.sessions$.subscribe((session) =>
      session.submits$.subscribe((each) => each.ended$.subscribe(() => (ended += 1))),
    );
    const peer = await peerOf4(served);
    for (let number = 1; number <= 300 * 4; number += 4) {
      const deadlineUnixMs = BigInt(wall.now() + leftMs);
      const flags = SchedulingFlag.DiscardStale;
      const asked = many(4, (index) => {
        const frameId = number + index - 1;
        const soon = inPreview4(
          MessageType.Deadline,
          { sessionId: SESSION, frameId },
          { operationId: BigInt(frameId), deadlineUnixMs, flags },
        );
        return isBefore ? [soon, submit4(frameId)] : [submit4(frameId), soon];
      });
      await sendAll(peer, asked);
      time.advance(leftMs);
    }
    expect(served.limits.map(({ limit }) => limit)).toEqual(Array(trips).fill('cancels'));
    if (trips === 0) expect(ended).toBe(1200);
    else expect(ended).toBeGreaterThanOrEqual(500);
  });

  it.each([true, false])(
    'are none where what has a near deadline is answered by then: %s',
    async (isBefore) => {
      const { served, time } = serveReading({ wallClock, grantedOperationCredit: 1 });
      served.server.sessions$.subscribe((session) => session.respond((each) => each.complete()));
      const peer = await peerOf4(served);
      for (let frameId = 1; frameId <= 1100; frameId++) {
        const soon = inPreview4(
          MessageType.Deadline,
          { sessionId: SESSION, frameId },
          { operationId: BigInt(frameId), deadlineUnixMs: 1_000_001n, flags: SchedulingFlag.DiscardStale },
        );
        const asked = submit4(frameId);
        await sendAll(peer, isBefore ? [soon, asked] : [asked, soon]);
        time.advance(1);
      }
      expect(served.limits).toEqual([]);
      expect(stillServes(served)).toBe(true);
    },
  );

  it('are none where a deadline that has passed ends nothing, which is told once', async () => {
    const { served } = serve({ wallClock });
    const peer = await peerOf4(served);
    await sendAll(peer, [submit4(1), ...many(520, () => past(1, 0))]);
    expect(served.limits).toEqual([]);
    expect(served.violations).toHaveLength(1);
  });

  it('count each that is reached from the one that is named', async () => {
    const { served } = serve({
      cancelScope: CancelScope.Session,
      maxInFlightOperations: 64,
      grantedOperationCredit: 32,
    });
    const peer = await openedPeer(served);
    for (let rounds = 0, number = 0; rounds < 20; rounds++) {
      await sendAll(
        peer,
        many(32, () => submit(SESSION, (number += 1))),
      );
      await sendAll(peer, [cancel(SESSION, number)]);
    }
    expect(served.limits).toMatchObject([{ limit: 'cancels', sessionId: SESSION, observed: 501 }]);
  });
});
