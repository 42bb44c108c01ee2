import { getEventListeners } from 'node:events';
import { onAbort } from '../../src/client/abort';

describe('onAbort', () => {
  it('acts for all that wait, in their order, and has one listener', () => {
    const { signal, abort } = controller();
    const woken: string[] = [];
    for (const name of ['a', 'b', 'c']) onAbort(signal, () => woken.push(name));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    abort();
    onAbort(signal, () => woken.push('late'));
    expect(woken).toEqual(['a', 'b', 'c', 'late']);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('does not act for one that another has unsubscribed', () => {
    const { signal, abort } = controller();
    const woken: string[] = [];
    onAbort(signal, () => {
      woken.push('a');
      b.unsubscribe();
    });
    const b = onAbort(signal, () => woken.push('b'));
    onAbort(signal, () => woken.push('c'));
    abort();
    expect(woken).toEqual(['a', 'c']);
  });

  it('listens again once all have left', () => {
    const { signal, abort } = controller();
    const woken: string[] = [];
    const first = onAbort(signal, () => woken.push('a'));
    first.unsubscribe();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    onAbort(signal, () => woken.push('b'));
    first.unsubscribe();
    abort();
    expect(woken).toEqual(['b']);
  });
});

function controller(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const abort = new AbortController();
  return {
    signal: abort.signal,
    abort: () => {
      abort.abort();
    },
  };
}
