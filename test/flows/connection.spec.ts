import { NEVER } from 'rxjs';
import {
  close,
  flow,
  open,
  openAck,
  ping,
  pong,
  probe,
  probeAck,
  result,
  serverHelloAck,
  submit,
} from '../../src/testing';
import { violation } from './support';

const packets = { o: open(42), A: openAck(42), s: submit(42, 1), S: result(42, 1), c: close('good bye') };
const announced = {
  o: open(42).announced(),
  A: openAck(42).announced(),
  p: pong(1),
  P: ping(1),
  q: pong(2),
  Q: ping(2),
  x: ping(9),
  X: pong(9),
};
/** A peer that says nothing for 10 ms is asked, and has 5 ms to answer. */
const keepAlive = { idleMs: 10, timeoutMs: 5 };
/** Keep-alive goes on for ever. */
const only = { tailMs: 0 };

describe('a connection', () => {
  it('answers PING, session or not', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve();
      clientPeer({ ...packets, p: ping(7), P: pong(7) })
        .sends('pop')
        .expects('PAP');
      expectQuiescent();
    }));

  it('answers TRANSPORT_PROBE with its clock in microseconds', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ p: probe(5, 'payload'), P: probeAck(5, 3000) })
        .sends('---p')
        .expects('---P');
    }));

  it('ends with CLOSE, and its operations with it', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const answer$ = cold('-----|');
      serve({ respond: () => answer$ });
      clientPeer(packets).sends('os-c').expects('A--|');
      expectSubscriptions(answer$.subscriptions).toBe('-^-!');
    }));

  it('does not end with a CLOSE that has metadata, which none has', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const c = close().withMetadata(new Uint8Array(1));
      const E = violation(0, 'server received malformed CLOSE metadata length', 0);
      clientPeer({ ...packets, c, E, p: ping(7), P: pong(7) })
        .sends('  ocp')
        .expects('AEP');
    }));

  it.each(['|', '#'])('takes its operations with it when it ends with %s', (end) =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const answer$ = cold('-----|');
      serve({ respond: () => answer$ });
      clientPeer(packets).sends(`os-${end}`).expects('A---');
      expectSubscriptions(answer$.subscriptions).toBe('-^-!');
    }),
  );

  it('refuses what only servers send', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const E = violation(0, 'server received unexpected SERVER_HELLO_ACK', 0);
      clientPeer({ x: serverHelloAck(), E }).sends('x').expects('E');
    }));

  it('refuses a PING that is more than its header', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const E = violation(3, 'empty control message requires expected type, meta_len=0, and body_len=0', 0);
      clientPeer({ x: ping(3).withBody('x'), E })
        .sends('x')
        .expects('E');
    }));

  it('gives its sessions to nobody else', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (each) => each.complete() });
      clientPeer(packets).sends('o').expects('A');
      const E = violation(1, 'server received submit for another session');
      clientPeer({ p: open(7), P: openAck(7), s: packets.s, E })
        .sends('-ps')
        .expects('-PE');
    }));
});

describe('keep-alive', () => {
  it('asks an announced client that is quiet, and drops one that does not answer', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve({ keepAlive });
      clientPeer(announced).sends('o').expects('A---------P----|');
      expectQuiescent();
    }));

  it('is content with an answer', () =>
    flow(({ serve, clientPeer }) => {
      serve({ keepAlive });
      const peer = clientPeer(announced);
      peer.sends('  o------------p------------q-');
      peer.expects('A---------P------------Q----');
    }, only));

  it('asks nobody who is talking', () =>
    flow(({ serve, clientPeer }) => {
      serve({ keepAlive });
      clientPeer(announced).sends('o--------x--------x--').expects('A--------X--------X--');
    }, only));

  it('never asks a client that has not announced itself, and never drops it', () =>
    flow(({ serve, clientPeer }) => {
      serve({ keepAlive, respond: (each) => each.complete() });
      clientPeer(packets).sends('o 1s s').expects('A 1s S');
    }, only));
});

describe('a client that has not announced itself', () => {
  it('is sent nothing that it did not ask for, whatever the server is configured to do', () =>
    flow(({ serve, clientPeer }) => {
      serve({ keepAlive, respond: () => NEVER, patchTimeoutMs: 5, migrateGraceMs: 5 });
      clientPeer(packets).sends('os 2s -').expects('A');
    }));
});
