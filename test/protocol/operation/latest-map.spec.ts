import fc from 'fast-check';
import { LatestMap } from '../../../src/protocol/operation/latest-map';

describe('LatestMap', () => {
  it('is empty at first', () => {
    const map = new LatestMap<string>();
    expect([map.size, map.get(0), map.get(-1), map.has(1), [...map.values()]]).toEqual([
      0,
      undefined,
      undefined,
      false,
      [],
    ]);
  });

  it('iterates in the order of insertion', () => {
    const map = new LatestMap<string>();
    map.add(3, 'c');
    map.add(1, 'a');
    map.add(2, 'b');
    map.delete(1);
    expect([...map.values()]).toEqual(['c', 'b']);
  });

  it('lets entries be deleted while it is walked', () => {
    const map = new LatestMap<number>();
    for (const id of [1, 2, 3]) map.add(id, id);
    const seen: number[] = [];
    for (const id of map.values()) {
      seen.push(id);
      map.delete(2);
    }
    expect(seen).toEqual([1, 3]);
  });

  it('is what a Map is', () => {
    const steps = fc.array(fc.record({ id: fc.integer({ min: 0, max: 8 }), add: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (taken) => {
        const map = new LatestMap<object>();
        const model = new Map<number, object>();
        for (const { id, add } of taken) {
          if (add && !model.has(id)) {
            const value = { id };
            map.add(id, value);
            model.set(id, value);
          } else if (!add) {
            map.delete(id);
            model.delete(id);
          }
          expect(map.size).toBe(model.size);
          expect([...map.values()]).toEqual([...model.values()]);
          for (let each = 0; each <= 8; each++) {
            expect(map.get(each)).toBe(model.get(each));
            expect(map.has(each)).toBe(model.has(each));
          }
        }
      }),
    );
  });
});
