import { concat, defer, mergeMap, NEVER, Observable, of, Subject, take, type OperatorFunction } from 'rxjs';
import { marbles } from './marbles';

/** An operator that gives one value for each that it takes, and three values that it takes. */
export interface OneToOne<In, Out> {
  readonly create: () => OperatorFunction<In, Out>;
  readonly inputs: { readonly a: In; readonly b: In; readonly c: In };
  /** What comes out for each. */
  readonly outputs: { readonly a: Out; readonly b: Out; readonly c: Out };
}

/** What every operator owes its source and its subscriber, whatever it does to the values. */
export function itIsAnOperator<In, Out>({ create, inputs, outputs }: OneToOne<In, Out>): void {
  describe('as an operator', () => {
    it('does nothing before it is subscribed to', () => {
      let subscriptions = 0;
      const source$ = defer(() => {
        subscriptions++;
        return NEVER;
      });
      const result$ = source$.pipe(create());
      expect(subscriptions).toBe(0);
      result$.subscribe().unsubscribe();
      expect(subscriptions).toBe(1);
    });

    it('never ends where the source does not', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source$ = cold<In>(' -');
        const subs = '             ^';
        const expected = '         -';

        expectObservable(source$.pipe(create())).toBe(expected, outputs);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('completes where the source is empty', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source$ = cold<In>(' |');
        const subs = '             (^!)';
        const expected = '         |';

        expectObservable(source$.pipe(create())).toBe(expected, outputs);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('takes one value', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--|', inputs);
        const subs = '       ^----!';
        const expected = '   --a--|';

        expectObservable(source$.pipe(create())).toBe(expected, outputs);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('takes many values, and those of one frame in order', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--(bc)--a--|', inputs);
        const subs = '       ^-------------!';
        const expected = '   --a--(bc)--a--|';

        expectObservable(source$.pipe(create())).toBe(expected, outputs);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('errors where the source errors at once', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source$ = cold<In>(' #');
        const subs = '             (^!)';
        const expected = '         #';

        expectObservable(source$.pipe(create())).toBe(expected, outputs);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('passes the error of the source after its values', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const fault = new Error('the cable was cut');
        const source$ = hot('--a--b--#', inputs, fault);
        const subs = '       ^-------!';
        const expected = '   --a--b--#';

        expectObservable(source$.pipe(create())).toBe(expected, outputs, fault);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('unsubscribes the source when it is unsubscribed', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--b--c--|', inputs);
        const subs = '       ^-----!';
        const expected = '   --a--b------';
        const unsub = '      ------!';

        expectObservable(source$.pipe(create()), unsub).toBe(expected, outputs);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('does not break the chain of unsubscriptions', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--b--c--|', inputs);
        const subs = '       ^-----!';
        const expected = '   --a--b------';
        const unsub = '      ------!';

        const result$ = source$.pipe(
          mergeMap((value) => of(value)),
          create(),
          mergeMap((value) => of(value)),
        );
        expectObservable(result$, unsub).toBe(expected, outputs);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('unsubscribes the source when take has enough', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--b--c--|', inputs);
        const subs = '       ^----!';
        const expected = '   --a--(b|)';

        expectObservable(source$.pipe(create(), take(2))).toBe(expected, outputs);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('stops a source that emits synchronously', () => {
      const emitted: number[] = [];
      const received: Out[] = [];
      const source$ = new Observable<In>((subscriber) => {
        for (let count = 0; !subscriber.closed && count < 10; count++) {
          emitted.push(count);
          subscriber.next(inputs.a);
        }
      });
      source$.pipe(create(), take(3)).subscribe((value) => received.push(value));
      expect(emitted).toEqual([0, 1, 2]);
      expect(received).toStrictEqual([outputs.a, outputs.a, outputs.a]);
    });

    it('can be used twice, side by side and again', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source$ = cold('--a--b|', inputs);
        const subs = ['       ^-----!', '------^-----!'];
        const expected = '    --a--b--a--b|';
        const operator = create();

        expectObservable(concat(source$.pipe(operator), source$.pipe(operator))).toBe(expected, outputs);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('gives values in the order in which they came, where one causes the next', () => {
      const source$ = new Subject<In>();
      const received: Out[] = [];
      source$.pipe(create()).subscribe((value) => {
        received.push(value);
        if (received.length === 1) source$.next(inputs.b);
        if (received.length === 2) source$.next(inputs.c);
      });
      source$.next(inputs.a);
      expect(received).toStrictEqual([outputs.a, outputs.b, outputs.c]);
    });
  });
}
