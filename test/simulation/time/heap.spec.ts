import fc from 'fast-check';
import { Heap } from './heap';

const ascending = (a: number, b: number): boolean => a < b;

function drained(heap: Heap<number>): number[] {
  const items: number[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) items.push(item);
  return items;
}

const sorted = (items: readonly number[]): number[] => [...items].sort((a, b) => a - b);

describe('a heap', () => {
  it('gives nothing where there is nothing', () => {
    const heap = new Heap(ascending);
    expect([heap.size, heap.peek(), heap.pop(), heap.size]).toEqual([0, undefined, undefined, 0]);
  });

  it('gives the first of what there is, in any order of adding and taking', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 50 }))), (steps) => {
        const heap = new Heap(ascending);
        let model: number[] = [];
        for (const step of steps) {
          if (step === null) {
            expect(heap.pop()).toBe(model[0]);
            model = model.slice(1);
          } else {
            heap.push(step);
            model = sorted([...model, step]);
          }
          expect([heap.size, heap.peek()]).toEqual([model.length, model[0]]);
        }
        expect(drained(heap)).toEqual(model);
      }),
    );
  });

  it('keeps what it is told to, and its order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100)), fc.integer({ min: 1, max: 5 }), (items, divisor) => {
        const heap = new Heap(ascending);
        for (const item of items) heap.push(item);
        const isKept = (item: number): boolean => item % divisor === 0;
        heap.keep(isKept);
        expect(drained(heap)).toEqual(sorted(items.filter(isKept)));
      }),
    );
  });
});
