import { EMPTY } from 'rxjs';
import { FlowScope } from '../../src/wire/messages/flow-update';
import { flow, flowUpdate, hint, open, openAck, result, resumeToken, submit } from '../../src/testing';

const connection = { scope: FlowScope.Connection } as const;
const first = { scope: FlowScope.Operation, frameId: 1 } as const;
const second = { scope: FlowScope.Operation, frameId: 2 } as const;
const G = flowUpdate(42).grant(8, 1);
const P = flowUpdate(42).pause(2);
const R = flowUpdate(42).resume(4, 3);
const packets = {
  o: open(42),
  A: openAck(42),
  p: open(7),
  B: openAck(7),
  s: submit(42, 1),
  t: submit(42, 2),
  S: result(42, 1),
  T: result(42, 2),
};

describe('the credit that a server tells', () => {
  it('is of the session, with an epoch that rises', () =>
    flow(({ serve, session, clientPeer, act }) => {
      serve();
      const of = () => session(42);
      act('-g-p-r', { g: () => of().grant(8), p: () => of().pause(), r: () => of().unpause() });
      clientPeer({ ...packets, G, P, R })
        .sends('o')
        .expects('AG-P-R');
    }));

  it('is of the connection, with one epoch for all of its sessions', () =>
    flow(({ serve, session, clientPeer, act }) => {
      serve();
      act('--gh', { g: () => session(42).grant(8, connection), h: () => session(7).pause(connection) });
      const [G, H] = [flowUpdate().grant(8, 1), flowUpdate().pause(2)];
      clientPeer({ ...packets, G, H })
        .sends('op')
        .expects('ABGH');
    }));

  it('is of an operation, with one epoch for all of its session', () =>
    flow(({ serve, session, clientPeer, cold, act }) => {
      serve({ respond: () => cold('------|') });
      act('---gh', { g: () => session(42).grant(3, first), h: () => session(42).pause(second) });
      const [G, H] = [flowUpdate(42, 1).grant(3, 1), flowUpdate(42, 2).pause(2)];
      clientPeer({ ...packets, G, H })
        .sends('ost')
        .expects('A--GH--ST');
    }));

  it('is of an operation that has ended or is to come, too, as its client may not know yet', () =>
    flow(({ serve, session, clientPeer, act }) => {
      serve({ respond: () => EMPTY });
      act('--gh', { g: () => session(42).grant(3, first), h: () => session(42).grant(4, second) });
      const [G, H] = [flowUpdate(42, 1).grant(3, 1), flowUpdate(42, 2).grant(4, 2)];
      clientPeer({ ...packets, G, H })
        .sends('os')
        .expects('ASGH');
    }));

  it('has epochs apart in its scopes', () =>
    flow(({ serve, session, clientPeer, act }) => {
      serve();
      const of = () => session(42);
      act('-abc', { a: () => of().grant(8), b: () => of().grant(2, connection), c: () => of().pause() });
      clientPeer({ ...packets, G, C: flowUpdate().grant(2, 1), P })
        .sends('o')
        .expects('AGCP');
    }));

  it('goes to nobody while the client is away', () =>
    flow(({ serve, session, clientPeer, act }) => {
      serve();
      act('--g', { g: () => session(42).grant(8) });
      const peer = clientPeer({ o: open(42).resumable(), A: openAck(42).withToken(resumeToken(1)) });
      const resumed = { r: open(42).resuming(resumeToken(1)), R: openAck(42).resumed(resumeToken(2)) };
      peer.sends('o#-r', resumed).expects('A--R');
    }));
});

describe('hints', () => {
  it('go with an operation', () =>
    flow(({ serve, session, clientPeer, cold, act }) => {
      serve({ respond: () => cold('--|') });
      act('--h', { h: () => session(42).sendHint(1, { retryAfterMs: 5 }) });
      clientPeer({ ...packets, H: hint(42, 1, { retryAfterMs: 5 }) })
        .sends('os')
        .expects('A-HS');
    }));
});
