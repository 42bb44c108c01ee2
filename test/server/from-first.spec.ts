import { map, type OperatorFunction, takeWhile } from 'rxjs';
import { fromFirst } from '../../src/server/connection/from-first';
import { marbles } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';

const shout = map((letter: string) => letter.toUpperCase());

describe('fromFirst', () => {
  itIsAnOperator<string, string>({
    create: () => fromFirst(() => shout),
    inputs: { a: 'a', b: 'b', c: 'c' },
    outputs: { a: 'A', b: 'B', c: 'C' },
  });

  it('makes the operator once, with the first value of a subscription', () => {
    marbles(({ cold, expectObservable, flush }) => {
      const operator = jest.fn(() => shout);
      const shouted$ = cold('--a-b-|').pipe(fromFirst(operator));
      expect(operator).not.toHaveBeenCalled();
      expectObservable(shouted$).toBe('--A-B-|');
      expectObservable(shouted$).toBe('--A-B-|');
      flush();
      expect(operator).toHaveBeenCalledTimes(2);
    });
  });

  it('is never made where no value comes', () => {
    marbles(({ cold, expectObservable, flush }) => {
      const operator = jest.fn(() => shout);
      expectObservable(cold('--|').pipe(fromFirst(operator))).toBe('--|');
      expectObservable(cold('--#').pipe(fromFirst(operator))).toBe('--#');
      flush();
      expect(operator).not.toHaveBeenCalled();
    });
  });

  it('leaves its source when the operator has enough', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-a-b-c-|');
      const upToB = takeWhile((letter: string) => letter < 'b');
      expectObservable(source$.pipe(fromFirst(() => upToB))).toBe('-a-|');
      expectSubscriptions(source$.subscriptions).toBe('^--!');
    });
  });

  it('errors where the operator cannot be made', () => {
    const broken = new Error('no operator today');
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-a-b-|');
      const throwing = (): OperatorFunction<string, string> => {
        throw broken;
      };
      expectObservable(source$.pipe(fromFirst(throwing))).toBe('-#', undefined, broken);
      expectSubscriptions(source$.subscriptions).toBe('^!');
    });
  });
});
