import { BehaviorSubject } from 'rxjs';
import { linkPacket, LinkType } from '../../../src/cluster/link/link-message';
import type { NodeLink } from '../../../src/cluster/link/node-link';
import { ReadingPause, type PauseReason } from '../../../src/server/limits/reading-pause';
import { RelayedSession, type RelayingConnection } from '../../../src/server/relay/relayed-session';
import type { Transport } from '../../../src/transport/transport';
import { VirtualTime } from '../../support/virtual-time';

/** Two sessions of another node on one connection, and whether that is read. */
function carried() {
  const time = new VirtualTime();
  const state = { isRead: true };
  const transport = {
    pause: () => (state.isRead = false),
    resume: () => (state.isRead = true),
  } as unknown as Transport;
  const pause = new ReadingPause(transport, time);
  const connection = {
    transport,
    hold: (reason: PauseReason) => pause.hold(reason),
    release: (reason: PauseReason) => pause.release(reason),
    released: () => undefined,
  } as unknown as RelayingConnection;
  const pressure$ = new BehaviorSubject(false);
  const link = { peer: 'other', pressure$, send: () => undefined } as unknown as NodeLink;
  const [one, two] = [1, 2].map((id) => new RelayedSession(id, connection, link, time, () => undefined));
  return { one: one!, two: two!, pressure$, state };
}

const say = (session: RelayedSession, type: LinkType): void => {
  session.onLinkMessage(linkPacket(type, { sessionId: session.sessionId }));
};

const waysToLeave: [string, (session: RelayedSession) => void][] = [
  ['its node lets it go', (session) => say(session, LinkType.Released)],
  ['another connection has it', (session) => session.superseded()],
];

describe.each(waysToLeave)('a session of another node that leaves a connection as %s', (_, leave) => {
  it('does not keep that from being read for its owner', () => {
    const { one, state } = carried();
    say(one, LinkType.Pause);
    expect(state.isRead).toBe(false);
    leave(one);
    expect(state.isRead).toBe(true);
  });

  it('does not keep that from being read for the link, which another one may yet', () => {
    const { one, two, pressure$, state } = carried();
    pressure$.next(true);
    leave(one);
    expect(state.isRead).toBe(false);
    leave(two);
    expect(state.isRead).toBe(true);
  });
});
