import { Subject, VirtualTimeScheduler, type Observable } from 'rxjs';
import { dropLate, type DeadlineSubmit } from '../../../operators/application/drop-late';
import { marbles } from '../../support/marbles';
import { itIsAnOperator } from '../../support/operator-cases';

/** A submit that notes what becomes of it. */
class FakeSubmit implements DeadlineSubmit {
  readonly ending = new Subject<string>();
  readonly ended$: Observable<string> = this.ending;
  expired = 0;

  readonly deadlineMoves$ = new Subject<void>();

  constructor(public deadline: number) {}

  move(deadline: number): void {
    this.deadline = deadline;
    this.deadlineMoves$.next();
  }

  expire(): void {
    this.expired += 1;
    this.end();
  }

  end(): void {
    this.ending.next('over');
    this.ending.complete();
  }
}

const inTime = { a: new FakeSubmit(Infinity), b: new FakeSubmit(Infinity), c: new FakeSubmit(Infinity) };

describe('dropLate', () => {
  itIsAnOperator({ create: () => dropLate<FakeSubmit>(), inputs: inTime, outputs: inTime });

  it('lets what is in time through and gives the rest up', () => {
    marbles(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const submits = { a: new FakeSubmit(3), b: new FakeSubmit(3), c: new FakeSubmit(4) };
      const source$ = hot('-a-bc|', submits);
      const subs = '       ^----!';
      const expected = '   -a---|';

      expectObservable(source$.pipe(dropLate())).toBe(expected, submits);
      expectSubscriptions(source$.subscriptions).toBe(subs);
      flush();
      expect([submits.a.expired, submits.b.expired, submits.c.expired]).toEqual([0, 1, 1]);
    });
  });

  it('leaves what has started alone, unless it is to end in time too', () => {
    const scheduler = new VirtualTimeScheduler();
    const [started, watched] = [new FakeSubmit(5), new FakeSubmit(5)];
    const source$ = new Subject<FakeSubmit>();
    const passed: FakeSubmit[] = [];
    source$.pipe(dropLate({ scheduler })).subscribe((submit) => passed.push(submit));
    source$.next(started);
    source$.pipe(dropLate({ when: 'until-end', scheduler })).subscribe((submit) => passed.push(submit));
    source$.next(watched);
    scheduler.flush();
    expect(passed).toEqual([started, watched, watched]);
    expect([started.expired, watched.expired]).toEqual([0, 1]);
    expect(scheduler.now()).toBe(5);
  });

  it('forgets the deadline of what has ended', () => {
    const scheduler = new VirtualTimeScheduler();
    const submit = new FakeSubmit(5);
    const source$ = new Subject<FakeSubmit>();
    source$.pipe(dropLate({ when: 'until-end', scheduler })).subscribe();
    source$.next(submit);
    submit.end();
    scheduler.flush();
    expect(submit.expired).toBe(0);
    expect(submit.ending.observed).toBe(false);
  });

  it.each([
    ['the first one', Infinity, [3], 3],
    ['an earlier one', 9, [3], 3],
    ['a later one', 3, [9], 9],
    ['one that has passed', 9, [-1], 1],
    ['none any more', 9, [Infinity], undefined],
    ['the last of several', Infinity, [2, 8, 4], 4],
  ])('follows a client that moves it: %s', (_, deadline, moves, expected) => {
    const scheduler = new VirtualTimeScheduler();
    const submit = new FakeSubmit(deadline);
    const source$ = new Subject<FakeSubmit>();
    source$.pipe(dropLate({ when: 'until-end', scheduler })).subscribe();
    source$.next(submit);
    let expiredAt: number | undefined;
    submit.ended$.subscribe(() => (expiredAt = scheduler.now()));
    scheduler.schedule(() => moves.forEach((to) => submit.move(to)), 1);
    scheduler.flush();
    expect(expiredAt).toBe(expected);
    submit.end();
    expect([submit.ending.observed, submit.deadlineMoves$.observed]).toEqual([false, false]);
  });

  it('keeps the deadline of what still runs when nobody takes new submits', () => {
    const scheduler = new VirtualTimeScheduler();
    const submit = new FakeSubmit(5);
    const source$ = new Subject<FakeSubmit>();
    const subscription = source$.pipe(dropLate({ when: 'until-end', scheduler })).subscribe();
    source$.next(submit);
    subscription.unsubscribe();
    expect(source$.observed).toBe(false);
    scheduler.flush();
    expect(submit.expired).toBe(1);
  });

  it('sets no timer where there is no deadline', () => {
    const scheduler = new VirtualTimeScheduler();
    const source$ = new Subject<FakeSubmit>();
    source$.pipe(dropLate({ when: 'until-end', scheduler })).subscribe();
    source$.next(new FakeSubmit(Infinity));
    expect(scheduler.actions).toHaveLength(0);
  });
});
