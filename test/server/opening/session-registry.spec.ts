import type { SessionCore } from '../../../src/server/session/session-core';
import { CountedIds, SessionRegistry } from '../../../src/server/opening/session-registry';
import { VirtualTime } from '../../support/virtual-time';

function core(sessionId: number, owner?: string): SessionCore {
  return { sessionId, claim: { owner } } as SessionCore;
}

describe('SessionRegistry', () => {
  it('knows sessions by id until they are deleted', () => {
    const registry = new SessionRegistry<SessionCore>();
    const session = core(7);
    registry.set(session);
    expect(registry.get(7)).toEqual({ sessionId: 7, core: session, owner: undefined });
    expect(registry.size).toBe(1);
    expect(registry.cores()).toEqual([session]);
    registry.delete(session);
    expect(registry.get(7)).toBeUndefined();
    expect(registry.size).toBe(0);
  });

  it('does not delete a session that has taken the id since', () => {
    const registry = new SessionRegistry<SessionCore>();
    const [first, second] = [core(7), core(7)];
    registry.set(first);
    registry.set(second);
    registry.delete(first);
    expect(registry.get(7)?.core).toBe(second);
  });

  it('keeps a parked id for its window, without its session', () => {
    const time = new VirtualTime();
    const registry = new SessionRegistry<SessionCore>();
    const session = core(7, 'ada');
    registry.set(session);
    registry.park(session, 100, time);
    expect(registry.get(7)).toEqual({ sessionId: 7, core: undefined, owner: 'ada' });
    expect([registry.size, registry.cores()]).toEqual([1, []]);
    time.advance(99);
    expect(registry.size).toBe(1);
    time.advance(1);
    expect(registry.size).toBe(0);
  });

  it('does not park an id that another has, nor let an old window end its session', () => {
    const time = new VirtualTime();
    const registry = new SessionRegistry<SessionCore>();
    const [first, second, stranger] = [core(7), core(7), core(7)];
    registry.set(first);
    registry.park(stranger, 10, time);
    expect(registry.get(7)?.core).toBe(first);
    registry.park(first, 10, time);
    registry.set(second);
    time.advance(100);
    expect(registry.get(7)?.core).toBe(second);
  });

  it('lets each window of an id end by itself', () => {
    const time = new VirtualTime();
    const registry = new SessionRegistry<SessionCore>();
    const [first, second] = [core(7), core(7)];
    registry.set(first);
    registry.park(first, 10, time);
    time.advance(5);
    registry.set(second);
    registry.park(second, 10, time);
    time.advance(9);
    expect(registry.size).toBe(1);
    time.advance(1);
    expect(registry.size).toBe(0);
    expect(time.pendingCount).toBe(0);
  });

  it('forgets everything, timers too', () => {
    const time = new VirtualTime();
    const registry = new SessionRegistry<SessionCore>();
    registry.set(core(1));
    const parked = core(2);
    registry.set(parked);
    registry.park(parked, 1000, time);
    registry.clear();
    expect(registry.size).toBe(0);
    time.advance(2000);
    expect(registry.size).toBe(0);
  });

  it('gives ids that nobody has, and none twice in a row', () => {
    const registry = new SessionRegistry<SessionCore>();
    registry.set(core(2));
    expect([registry.freeId(), registry.freeId()]).toEqual([1, 3]);
    expect(registry.freeId()).toBe(4);
  });

  it('starts again at 1 after the highest id, and skips those in use', () => {
    const registry = new SessionRegistry<SessionCore>(new CountedIds(0xffffffff));
    registry.set(core(1));
    expect([registry.freeId(), registry.freeId()]).toEqual([0xffffffff, 2]);
  });
});
