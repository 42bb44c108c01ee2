// Protocol flows in virtual time, as tests: the same file runs under jest, and under vitest with `globals: true`.
import { cancel, flow, open, openAck, result, submit } from 'nnrp-rx/testing';

const words = { a: 'Call', b: ' me', c: ' Ishmael' };
const parts = { a: result(42, 1, 'Call').partial(), b: result(42, 1, ' me').partial() };

describe('a handler', () => {
  it('answers part by part, and the end comes by itself', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('--a-b|', words) });
      const peer = clientPeer({ o: open(42), s: submit(42, 1, 'Who?') });
      peer.sends('  o-s------');
      peer.expects('A---a-bC--', { A: openAck(42), ...parts, C: result(42, 1) });
    }));

  it('stops when its client cancels', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const tokens$ = cold('--a-b-c|', words);
      serve({ respond: () => tokens$ });
      const peer = clientPeer({ o: open(42), s: submit(42, 1, 'Who?'), c: cancel(42, 1), A: openAck(42) });
      peer.sends('  o-s----c-');
      peer.expects('A---a-b--', parts);
      expectSubscriptions(tokens$.subscriptions).toBe('--^----!');
    }));
});
