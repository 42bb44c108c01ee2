import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatMap, interval, map, take } from 'rxjs';
import { decodeTokens } from '../../src';
import {
  cancel,
  drop,
  flow,
  FlowError,
  flowUpdate,
  open,
  openAck,
  result,
  resumeToken,
  submit,
} from '../../src/testing';

// What docs/testing.md shows, as it stands there; the last tests compare.

it('streams until it is cancelled', () =>
  flow(({ serve, clientPeer, cold, expectQuiescent, expectSubscriptions }) => {
    const tokens$ = cold('--a-b-c|', { a: 'Call', b: ' me', c: ' Ishmael' });
    serve({ respond: () => tokens$ });
    const peer = clientPeer({ o: open(42), s: submit(42, 1, 'Who?'), c: cancel(42, 1), A: openAck(42) });
    peer.sends('  o-s----c-');
    peer.expects('A---a-b--', { a: result(42, 1, 'Call').partial(), b: result(42, 1, ' me').partial() });
    expectSubscriptions(tokens$.subscriptions).toBe('--^----!');
    expectQuiescent();
  }));

it('stops a client that overruns its credit, and lets it go on', () =>
  flow(({ serve, clientPeer, cold, expectQuiescent }) => {
    const full = { maxInFlightOperations: 1, queue: { maxSubmits: 0 } };
    serve({ ...full, respond: () => cold('------|') });
    const asked = { s: submit(42, 1), t: submit(42, 2), u: submit(42, 3), v: submit(42, 4) };
    const told = { H: flowUpdate(42).hard(1), G: flowUpdate(42).grant(2, 2), J: [drop(42, 3)] };
    void told;
    const peer = clientPeer({ ...asked });
    void peer;
    void expectQuiescent;
  }));
