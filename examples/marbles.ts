// A protocol flow in virtual time, without a socket; in a test it is what `it` returns: npx ts-node marbles.ts
import { cancel, flow, open, openAck, result, submit } from 'nnrp-rx/testing';

async function run(): Promise<void> {
  await flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
    const tokens$ = cold('--a-b-c|', { a: 'Call', b: ' me', c: ' Ishmael' });
    serve({ respond: () => tokens$ });
    const peer = clientPeer({ o: open(42), s: submit(42, 1, 'Who?'), c: cancel(42, 1), A: openAck(42) });
    peer.sends('  o-s----c-');
    peer.expects('A---a-b--', { a: result(42, 1, 'Call').partial(), b: result(42, 1, ' me').partial() });
    expectSubscriptions(tokens$.subscriptions).toBe('--^----!');
  });
  console.log('the cancel has stopped the model, as the marbles say');
}

void run();
