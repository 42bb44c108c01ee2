import fc from 'fast-check';
import { SessionTable } from '../../../src/protocol/session/session-table';

interface Session {
  readonly sessionId: number;
}

/** Ids that are counted up, that share their low bits, and any that a peer may choose. */
const ids = fc.oneof(
  fc.integer({ min: 1, max: 20 }),
  fc.integer({ min: 1, max: 20 }).map((step) => step * 1024),
  fc.integer({ min: 1, max: 0xffffffff }),
);

describe('SessionTable', () => {
  it('is empty at first, and once it was cleared', () => {
    const table = new SessionTable<Session>();
    expect([table.size, table.get(0), table.get(1), table.has(1), table.all()]).toEqual([
      0,
      undefined,
      undefined,
      false,
      [],
    ]);
    for (const sessionId of [1, 2, 1025]) table.add({ sessionId });
    table.clear();
    expect([table.size, table.get(1), table.get(2), table.get(1025), table.all()]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
      [],
    ]);
  });

  it('remembers who has left, also once another has the id', () => {
    const table = new SessionTable<Session>();
    for (const sessionId of [1, 2, 3]) table.add({ sessionId });
    table.release(2);
    table.delete(3);
    expect([table.size, table.has(2), [1, 2, 3].map((id) => table.hasLeft(id))]).toEqual([
      1,
      false,
      [false, true, false],
    ]);
    table.add({ sessionId: 2 });
    expect([table.has(2), table.hasLeft(2)]).toEqual([true, true]);
  });

  it('knows no session by an id that only ends like its own', () => {
    const table = new SessionTable<Session>();
    table.add({ sessionId: 5 });
    for (const other of [0, 4, 6, 5 + 1024, 5 + 2 ** 31, 2 ** 32 - 5]) expect(table.has(other)).toBe(false);
    table.delete(5 + 1024);
    expect(table.size).toBe(1);
  });

  it('lets another take the place of one that has its id', () => {
    const table = new SessionTable<Session>();
    const [first, second, elsewhere] = [{ sessionId: 3 }, { sessionId: 3 }, { sessionId: 7 }];
    for (const session of [elsewhere, first, second]) table.add(session);
    expect(table.get(3)).toBe(second);
    expect(table.size).toBe(2);
  });

  it('keeps what is left of many', () => {
    const table = new SessionTable<Session>();
    for (let sessionId = 1; sessionId <= 1000; sessionId++) table.add({ sessionId });
    for (let sessionId = 1; sessionId <= 999; sessionId++) table.delete(sessionId);
    expect(table.all()).toEqual([{ sessionId: 1000 }]);
    expect(table.get(1000)).toEqual({ sessionId: 1000 });
  });

  it('is what a Map is', () => {
    const steps = fc.array(fc.record({ sessionId: ids, add: fc.boolean() }), { maxLength: 80 });
    fc.assert(
      fc.property(steps, (taken) => {
        const table = new SessionTable<Session>();
        const model = new Map<number, Session>();
        for (const { sessionId, add } of taken) {
          if (add) {
            const session = { sessionId };
            table.add(session);
            model.set(sessionId, session);
          } else {
            table.delete(sessionId);
            model.delete(sessionId);
          }
          expect(table.size).toBe(model.size);
          expect(new Set(table.all())).toEqual(new Set(model.values()));
          for (const { sessionId: each } of taken) expect(table.get(each)).toBe(model.get(each));
        }
      }),
    );
  });
});
