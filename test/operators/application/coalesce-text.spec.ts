import { Subject, throwError, concat, of } from 'rxjs';
import { coalesceText } from '../../../operators/application/coalesce-text';
import { completeResult, partialResult, type Result } from '../../../src/protocol/operation/result';
import { GATHERED_BYTES, TextResult } from '../../../src/protocol/content/text-result';
import { decodeTokens } from '../../../src/protocol/content/token-decoder';
import { marbles } from '../../support/marbles';
import { itIsAnOperator } from '../../support/operator-cases';

const bytes = {
  a: partialResult(1, Uint8Array.of(1)),
  b: partialResult(2, Uint8Array.of(2)),
  c: completeResult(3),
};

/** What came, as texts of an operation, or what it is. */
function told(result: Result): unknown {
  return result instanceof TextResult ? [result.frameId, result.text] : result;
}

describe('coalesceText', () => {
  itIsAnOperator({ create: () => coalesceText(), inputs: bytes, outputs: bytes });

  it('joins the texts of an operation in one turn, each a frame, and of no other', () => {
    marbles(({ hot, expectObservable }) => {
      const values: Record<string, Result> = {
        a: new TextResult(1, 'Call'),
        b: new TextResult(1, ' me'),
        c: new TextResult(2, 'Loomings'),
        d: new TextResult(1, ' Ishmael'),
      };
      const joined = { x: new TextResult(1, ['Call', ' me']), c: values['c']!, d: values['d']! };
      const source$ = hot('-(acb)-d|', values);
      const expected = '   -(xc)--d|';

      expectObservable(source$.pipe(coalesceText())).toBe(expected, joined);
    });
  });

  it('hands all other results on at once, behind the texts of their operation', () => {
    const source$ = new Subject<Result>();
    const seen: unknown[] = [];
    source$.pipe(coalesceText()).subscribe((result) => seen.push(told(result)));
    source$.next(new TextResult(1, 'Call'));
    source$.next(new TextResult(1, ' me'));
    source$.next(new TextResult(2, 'Loomings'));
    expect(seen).toEqual([]);
    source$.next(completeResult(1));
    expect(seen).toEqual([[1, ['Call', ' me']], completeResult(1)]);
    source$.complete();
    expect(seen.slice(2)).toEqual([[2, 'Loomings']]);
  });

  it('hands on what it has where its source errors, and nothing once it is unsubscribed from', async () => {
    const seen: unknown[] = [];
    const failing$ = concat(
      of(new TextResult(1, 'Call')),
      throwError(() => new Error('broken')),
    );
    failing$.pipe(coalesceText()).subscribe({
      next: (result) => seen.push(told(result)),
      error: (error: unknown) => seen.push(error),
    });
    expect(seen).toEqual([[1, 'Call'], new Error('broken')]);
    const source$ = new Subject<Result>();
    const subscription = source$.pipe(coalesceText()).subscribe((result) => seen.push(told(result)));
    source$.next(new TextResult(1, 'Call'));
    subscription.unsubscribe();
    await new Promise(setImmediate);
    expect(seen).toHaveLength(2);
  });

  it('ends with the turn of the event loop', async () => {
    const source$ = new Subject<Result>();
    const seen: unknown[] = [];
    source$.pipe(coalesceText()).subscribe((result) => seen.push(told(result)));
    source$.next(new TextResult(1, 'Call'));
    await Promise.resolve();
    source$.next(new TextResult(1, ' me'));
    await new Promise(setImmediate);
    source$.next(new TextResult(1, ' Ishmael'));
    await new Promise(setImmediate);
    expect(seen).toEqual([
      [1, ['Call', ' me']],
      [1, ' Ishmael'],
    ]);
  });

  it.each([
    ['what is asked', 500, 500],
    ['4 KiB', Infinity, GATHERED_BYTES],
  ])('makes no body of more than %s', (_, asked, most) => {
    const source$ = new Subject<Result>();
    const seen: TextResult[] = [];
    source$
      .pipe(coalesceText({ largestBody: () => asked }))
      .subscribe((result) => seen.push(result as TextResult));
    const words = Array.from({ length: 1000 }, (_none, index) => ` ${index}`);
    for (const word of words) source$.next(new TextResult(1, word));
    source$.next(new TextResult(1, 'long '.repeat(2000)));
    source$.complete();
    const long = seen.pop()!;
    expect(decodeTokens(long)).toEqual(['long '.repeat(2000)]);
    expect(Math.max(...seen.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(most);
    expect(seen.length).toBeLessThan((1000 * 45) / most + 2);
    expect(seen.flatMap((result) => decodeTokens(result))).toEqual(words);
  });

  it('leaves alone what somebody has as bytes', () => {
    const source$ = new Subject<Result>();
    const seen: unknown[] = [];
    source$.pipe(coalesceText()).subscribe((result) => seen.push(result));
    const read = new TextResult(1, 'Call');
    read.body.fill(0, -1);
    source$.next(read);
    expect(seen).toEqual([read]);
  });
});
