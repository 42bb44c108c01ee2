import { DEFAULT_SERVER_LIMITS } from '../../../src/server/limits/server-limits';
import { clientHello, inPreview4, open } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { PriorityClass } from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';
import { Peer } from '../../support/peer';
import { endServed, type Served } from '../../support/served';
import { many, sendAll, serveReading, SESSION, stillServes } from './support';

afterEach(endServed);

const wallClock = { now: () => 1_000_000 };

function scheduled(frameId: number, more: number): Packet[] {
  const header = { sessionId: SESSION, frameId };
  const operationId = BigInt(frameId);
  const priority = { operationId, priorityClass: PriorityClass.Interactive };
  return [
    inPreview4(MessageType.Deadline, header, { operationId, deadlineUnixMs: 2_000_000n }),
    inPreview4(MessageType.FrameSubmit, header, { operationId }),
    ...many(3 + more, () => inPreview4(MessageType.PriorityUpdate, header, priority)),
  ];
}

async function peerOf(served: Served): Promise<Peer> {
  served.server.sessions$.subscribe((session) => session.respond((each) => each.complete()));
  const peer = await Peer.connect(served.endpoint);
  await sendAll(peer, [clientHello(), open(SESSION)]);
  return peer;
}

const { burst } = DEFAULT_SERVER_LIMITS.controls;

describe('what a client says of when an operation is to be done', () => {
  it('is bounded as its submits are, four words of each', async () => {
    const { served } = serveReading({ wallClock });
    const peer = await peerOf(served);
    for (let at = 0; at < 2 * burst; at += 100)
      await sendAll(
        peer,
        many(100, (number) => scheduled(at + number, 0)),
      );
    expect(served.limits).toEqual([]);
    expect(stillServes(served)).toBe(true);
  });

  it('counts where it is more', async () => {
    const { served } = serveReading({ wallClock });
    const peer = await peerOf(served);
    // Much more, so that what the rate gives back meanwhile is of no account, however slow the machine is.
    for (let at = 0; at < burst + 100 && served.limits.length === 0; at += 100)
      await sendAll(
        peer,
        many(100, (number) => scheduled(at + number, 30)),
      );
    expect(served.limits).toMatchObject([{ limit: 'controls', sessionId: SESSION, observed: burst + 1 }]);
  });
});
