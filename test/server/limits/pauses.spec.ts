import { SessionOpenAckMetadata, SessionStatus } from '../../../src/wire/messages/session-open';
import { whenIdle } from '../../../src/server/opening/when-idle';
import { open, resumeToken, scriptedTokens } from '../../../src/testing';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';
import { PausableTime } from '../../support/virtual-time';
import { arrived, openedPeer, sendAll, SESSION } from './support';
import type { ServerOptions } from '../../../src/server/options';
import type { Packet } from '../../../src/wire/packet';

afterEach(endServed);

const TEN_MINUTES = 600_000;

function serve(options: Partial<ServerOptions> = {}) {
  const time = new PausableTime();
  const tokens = scriptedTokens();
  const served = new Served({ scheduler: time, keepAlive: { idleMs: 0 }, randomBytes: tokens, ...options });
  return { served, time };
}

function statusOf([ack]: readonly Packet[]): SessionStatus | undefined {
  return ack === undefined ? undefined : SessionOpenAckMetadata.decode(ack.metadata).sessionStatus;
}

// Stopped by a signal, moved as a whole machine, or in a long computation: its peers are read before they are judged.
describe('a server that stood still', () => {
  it('lets those finish their handshake that were at it', async () => {
    const { served, time } = serve();
    const [peer, silent] = [await Peer.connect(served.endpoint), await Peer.connect(served.endpoint)];
    time.advance(2000);
    time.standStill(TEN_MINUTES);
    expect(served.limits).toEqual([]);
    await sendAll(peer, [open(SESSION)]);
    expect(statusOf(await arrived(peer))).toBe(SessionStatus.Opened);
    time.advance(5000);
    await settled();
    expect(served.limits).toEqual([expect.objectContaining({ limit: 'handshakeMs' })]);
    await silent.ended();
  });

  it.each([0, 1000, 1900])('takes back the clients of sessions that waited for %d ms', async (waitedMs) => {
    const { served, time } = serve({ resumeWindowMs: 2000 });
    const peer = await openedPeer(served, open(SESSION).resumable());
    peer.destroy();
    await settled();
    time.advance(waitedMs);
    time.standStill(TEN_MINUTES);
    const again = await Peer.connect(served.endpoint);
    await sendAll(again, [open(SESSION).resuming(resumeToken(1))]);
    expect(statusOf(await arrived(again))).toBe(SessionStatus.Resumed);
  });

  it('ends those that nobody takes back', async () => {
    const { served, time } = serve({ resumeWindowMs: 2000 });
    (await openedPeer(served, open(SESSION).resumable())).destroy();
    await settled();
    time.standStill(TEN_MINUTES);
    time.advance(2000);
    expect(served.server.usage.sessions).toBe(0);
  });

  it('hears a session before it takes it for idle', () => {
    const time = new PausableTime();
    const fellIdle = jest.fn();
    const watched = { lastActive: 0 };
    const watch = whenIdle(watched, 1000, time).subscribe(fellIdle);
    time.schedule(() => {
      watched.lastActive = time.now();
    }, 1000);
    time.standStill(TEN_MINUTES);
    expect(fellIdle).not.toHaveBeenCalled();
    time.advance(1000);
    expect(fellIdle).toHaveBeenCalledTimes(1);
    watch.unsubscribe();
    expect(time.pendingCount).toBe(0);
  });
});
