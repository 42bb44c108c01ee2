import { firstValueFrom, isObservable, take, toArray } from 'rxjs';
import type { ResultStream } from '../../../src/client/submissions/results/result-stream';
import { completeResult, partialResult } from '../../../src/protocol/operation/result';
import { settled } from '../../support/async';
import { text } from '../../support/packets';
import { Stage } from './support';

const read = ({ body }: { readonly body: Uint8Array }): string => new TextDecoder().decode(body);

/** What a loop over results sees, and how it ends. */
async function loop(
  results: AsyncIterable<{ readonly body: Uint8Array }>,
  most = Infinity,
): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const result of results) {
      seen.push(read(result));
      if (seen.length < most) continue;
      return seen;
    }
    seen.push('|');
  } catch (error) {
    seen.push(error);
  }
  return seen;
}

describe('the results of a submit', () => {
  let stage: Stage;
  let results: ResultStream;

  beforeEach(() => {
    stage = new Stage();
    results = stage.results({ body: 'x' });
  });

  const part = (word: string, frameId = 1): void => {
    stage.submissions.take(partialResult(frameId, text(word)));
  };

  it('are an Observable for RxJS, and its operators', async () => {
    expect(isObservable(results)).toBe(true);
    const first = firstValueFrom(results.pipe(take(2), toArray()));
    part('a');
    part('b');
    expect((await first).map(read)).toEqual(['a', 'b']);
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
  });

  it('are pulled by a loop, those that came together and those that it waits for', async () => {
    const seen = loop(results);
    expect(stage.news()).toEqual(['submit 1']);
    part('a');
    part('b');
    await settled();
    part('c');
    stage.complete(1);
    expect(await seen).toEqual(['a', 'b', 'c', 'end', '|']);
    expect(stage.backlog.byteLength).toBe(0);
    expect(stage.news()).toEqual([]);
  });

  it('are pulled at any pace, in order', async () => {
    const iterator = results[Symbol.asyncIterator]();
    const first = iterator.next();
    const words = Array.from({ length: 5000 }, (_, index) => `${index}`);
    for (const word of words) part(word);
    stage.complete(1);
    const seen = [read((await first).value!), ...(await loop(iterator))];
    expect(seen).toEqual([...words, 'end', '|']);
    expect(stage.backlog.byteLength).toBe(0);
  });

  it('go to those who ask before they come, in the order in which they ask', async () => {
    const iterator = results[Symbol.asyncIterator]();
    const asked = [iterator.next(), iterator.next(), iterator.next()];
    part('a');
    stage.complete(1);
    expect((await Promise.all(asked)).map(({ value }) => value && read(value))).toEqual([
      'a',
      'end',
      undefined,
    ]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('are submitted anew by each loop, and only by one', async () => {
    results[Symbol.asyncIterator]();
    expect(stage.news()).toEqual([]);
    void loop(results);
    void loop(results);
    expect(stage.news()).toEqual(['submit 1', 'submit 2']);
  });

  it('are cancelled by a break', async () => {
    const seen = loop(results, 1);
    part('a');
    part('b');
    expect(await seen).toEqual(['a']);
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
    expect(stage.backlog.byteLength).toBe(0);
    part('c');
    expect(stage.backlog.byteLength).toBe(0);
  });

  it('are cancelled by a loop that throws', async () => {
    const iterator = results[Symbol.asyncIterator]();
    const asked = iterator.next();
    await expect(iterator.throw!(new Error('enough'))).rejects.toThrow('enough');
    expect(await asked).toEqual({ done: true, value: undefined });
    expect(await iterator.return!()).toEqual({ done: true, value: undefined });
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
  });

  it('are never submitted where nobody asks before the end', async () => {
    const iterator = results[Symbol.asyncIterator]();
    await iterator.return!();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(stage.news()).toEqual([]);
  });

  it('fail after what came before, once', async () => {
    const iterator = results[Symbol.asyncIterator]();
    const first = iterator.next();
    part('a');
    part('b');
    stage.submissions.fail(1, 'dropped');
    await first;
    expect(await loop(iterator)).toEqual(['b', expect.objectContaining({ reason: 'dropped', frameId: 1 })]);
    expect(await loop(iterator)).toEqual(['|']);
  });

  it('fail for who waits already', async () => {
    const seen = loop(results);
    stage.submissions.fail(1, 'dropped');
    expect(await seen).toEqual([expect.objectContaining({ reason: 'dropped' })]);
    expect(await loop(stage.results({ metadata: { latencyBudgetMs: -1 } }))).toEqual([
      expect.objectContaining({ kind: 'ValueOutOfRange' }),
    ]);
    stage.submissions.end('session-closed');
    expect(await loop(results)).toEqual([expect.objectContaining({ reason: 'session-closed' })]);
  });

  it('do not keep what came with them', async () => {
    const iterator = results[Symbol.asyncIterator]();
    const first = iterator.next();
    for (let read = 0; read < 3; read++) {
      const chunk = new Uint8Array(65_536).fill(read);
      for (let at = 0; at < 2; at++) {
        stage.submissions.take(partialResult(1, chunk.subarray(at * 8, at * 8 + 4)));
      }
    }
    await first;
    const sizes: number[] = [];
    for (let count = 0; count < 5; count++) {
      const { value } = await iterator.next();
      expect([...value!.body]).toEqual(Array<number>(4).fill(Math.floor((count + 1) / 2)));
      sizes.push(value!.body.buffer.byteLength);
    }
    // Those of the last read are looked at when another comes.
    expect(sizes).toEqual([4, 4, 4, 65_536, 65_536]);
  });

  it('that are the last take nothing away from the next submit', async () => {
    const seen = loop(results);
    stage.submissions.take(completeResult(1, text('all')));
    expect(await seen).toEqual(['all', '|']);
    expect(stage.submissions.credit.now()).toEqual({ granted: 2, inFlight: 0, waiting: 0 });
  });
});

describe('a submit with a signal', () => {
  const reason = new Error('enough');
  const cancelled = (frameId: number): unknown =>
    expect.objectContaining({ name: 'OperationError', reason: 'cancelled', frameId, cause: reason });
  let stage: Stage;
  let abort: AbortController;

  beforeEach(() => {
    stage = new Stage({ credit: 1 });
    abort = new AbortController();
  });

  const part = (word: string): void => {
    stage.submissions.take(partialResult(1, text(word)));
  };

  it('that has aborted is never sent', async () => {
    abort.abort(reason);
    stage.submit('a', { signal: abort.signal });
    expect(stage.outcomes.get('a')).toEqual([cancelled(0)]);
    expect(await loop(stage.results({ signal: abort.signal }))).toEqual([cancelled(0)]);
    expect(stage.outcomes.get('a')).toMatchObject([{ outcome: 'not-run' }]);
    expect(stage.news()).toEqual([]);
  });

  it('that waits for credit is never sent', () => {
    stage.submit('first');
    stage.submit('second', { signal: abort.signal });
    abort.abort(reason);
    stage.complete(1);
    expect(stage.outcomes.get('second')).toEqual([cancelled(0)]);
    expect(stage.news()).toEqual(['submit 1']);
    expect(stage.submissions.credit.now().waiting).toBe(0);
  });

  it('is cancelled between parts, which have come', () => {
    stage.submit('a', { signal: abort.signal });
    part('one');
    abort.abort(reason);
    part('two');
    expect(stage.outcomes.get('a')).toEqual(['one', cancelled(1)]);
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
  });

  it('is not cancelled once it has ended, nor once it was unsubscribed from', () => {
    stage.submit('a', { signal: abort.signal });
    stage.complete(1);
    stage.submit('b', { signal: abort.signal });
    stage.unsubscribe('b');
    abort.abort(reason);
    expect([stage.outcomes.get('a'), stage.outcomes.get('b')]).toEqual([['end', '|'], []]);
    expect(stage.news()).toEqual(['submit 1', 'submit 2', 'cancel 2']);
  });

  it('ends its loop in the place of what waits, though the last result has come', async () => {
    const iterator = stage.results({ signal: abort.signal })[Symbol.asyncIterator]();
    const first = iterator.next();
    part('one');
    part('two');
    stage.complete(1);
    expect(read((await first).value!)).toBe('one');
    abort.abort(reason);
    expect(await loop(iterator)).toEqual([cancelled(1)]);
    expect(await loop(iterator)).toEqual(['|']);
    expect(stage.backlog.byteLength).toBe(0);
    expect(stage.news()).toEqual(['submit 1']);
  });

  it('ends a loop that has taken all no more', async () => {
    const seen = loop(stage.results({ signal: abort.signal }));
    part('one');
    stage.complete(1);
    expect(await seen).toEqual(['one', 'end', '|']);
    abort.abort(reason);
    expect(stage.news()).toEqual(['submit 1']);
  });
});
