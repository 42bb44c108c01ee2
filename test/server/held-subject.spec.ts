import { take } from 'rxjs';
import { HeldSubject } from '../../src/server/held-subject';

describe('HeldSubject', () => {
  function held(...values: number[]): HeldSubject<number> {
    const subject = new HeldSubject<number>();
    for (const value of values) subject.next(value);
    return subject;
  }

  it('keeps values for whoever subscribes first, in order', () => {
    const subject = held(1, 2);
    expect(subject.heldCount).toBe(2);
    const seen: number[] = [];
    subject.values$.subscribe((value) => seen.push(value));
    subject.next(3);
    expect(seen).toEqual([1, 2, 3]);
    expect(subject.heldCount).toBe(0);
  });

  it('gives nobody else what it has handed over', () => {
    const subject = held(1);
    const seen: string[] = [];
    subject.values$.subscribe((value) => seen.push(`a${value}`));
    subject.values$.subscribe((value) => seen.push(`b${value}`));
    subject.next(2);
    expect(seen).toEqual(['a1', 'a2', 'b2']);
  });

  it('keeps what a subscriber that leaves early has not taken', () => {
    const subject = held(1, 2, 3);
    const seen: number[] = [];
    subject.values$.pipe(take(1)).subscribe((value) => seen.push(value));
    expect(subject.heldCount).toBe(2);
    subject.values$.subscribe((value) => seen.push(value));
    expect(seen).toEqual([1, 2, 3]);
  });

  it('keeps values again once nobody subscribes any more', () => {
    const subject = held();
    const seen: number[] = [];
    subject.values$.subscribe((value) => seen.push(value)).unsubscribe();
    subject.next(1);
    subject.values$.subscribe((value) => seen.push(value));
    expect(seen).toEqual([1]);
  });

  it('loses nothing that comes while it hands over', () => {
    const subject = held(1, 2);
    const seen: number[] = [];
    subject.values$.subscribe((value) => {
      seen.push(value);
      if (value === 1) subject.next(3);
    });
    expect(seen).toEqual([1, 2, 3]);
    subject.next(4);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('hands over before it completes', () => {
    const subject = held(1);
    subject.complete();
    const seen: unknown[] = [];
    subject.values$.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
    expect(seen).toEqual([1, 'complete']);
  });

  it('hands over before it errors', () => {
    const subject = held(1);
    const fault = new Error('the port is in use');
    subject.error(fault);
    const seen: unknown[] = [];
    subject.values$.subscribe({
      next: (value) => seen.push(value),
      error: (error: unknown) => seen.push(error),
    });
    expect(seen).toEqual([1, fault]);
  });
});
