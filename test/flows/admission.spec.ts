import { drop, flow, flowUpdate, open, openAck, result, submit } from '../../src/testing';

const narrow = { maxInFlightOperations: 1 };
const [hard, grant] = [flowUpdate(42).hard(1), flowUpdate(42).grant(1, 2)];
const packets = {
  o: open(42).with(narrow),
  A: openAck(42).with({ ...narrow, grantedOperationCredit: 1 }),
  s: submit(42, 1, 'body'),
  t: submit(42, 2, 'body'),
  u: submit(42, 3, 'body'),
  v: submit(42, 4, 'body'),
  S: result(42, 1),
  T: result(42, 2),
  U: result(42, 3),
  D: drop(42, 4),
  H: [drop(42, 3), hard],
  G: [result(42, 1), grant],
};

describe('admission', () => {
  it('lets as many work as the server allows, in order of arrival', () =>
    flow(({ serve, clientPeer, cold, expectQuiescent }) => {
      serve({ ...narrow, respond: () => cold('--|') });
      clientPeer(packets).sends('ostu').expects('A--S-T-U');
      expectQuiescent();
    }));

  it('lets several work at once', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: ({ frameId }) => cold(frameId === 1 ? '-------|' : '--|') });
      clientPeer({ ...packets, o: open(42), A: openAck(42) })
        .sends('ostu')
        .expects('A---TU--S');
    }));

  it('drops what finds no room, stops the client hard, and grants credit once the queue is empty', () =>
    flow(({ serve, clientPeer, cold, expectQuiescent }) => {
      serve({ ...narrow, respond: () => cold('----|'), queue: { maxSubmits: 1 } });
      const peer = clientPeer(packets);
      peer.sends('  ostuv----');
      peer.expects('A--HDG---T');
      expectQuiescent();
    }));

  it('counts the bytes that wait', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ ...narrow, respond: () => cold('----|'), queue: { maxBytes: 7 } });
      clientPeer(packets).sends('ostu').expects('A--H-G---T');
    }));

  it('stops the client again where it fills the queue again', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ ...narrow, respond: () => cold('--|'), queue: { maxSubmits: 0 } });
      const peer = clientPeer({ ...packets, H: [drop(42, 2), hard], I: [packets.D, flowUpdate(42).hard(3)] });
      peer.sends('ost--uv').expects('A-HG--IJ', { J: [packets.U, flowUpdate(42).grant(1, 4)] });
    }));

  it('says nothing of credit to a client within its limits', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('-|') });
      const B = [packets.S, packets.T];
      clientPeer({ ...packets, o: open(42), A: openAck(42), B })
        .sends('o(st)')
        .expects('A-B');
    }));
});
