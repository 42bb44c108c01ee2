import { flow, open, openAck, ping, pong, result, submit, type FlowHelpers } from '../../../src/testing';
import { RuntimeError } from '../../../src/protocol/runtime-error';
import { pause } from '../../support/until';

const session = { o: open(42), A: openAck(42) };

async function failureOf(body: (helpers: FlowHelpers) => unknown): Promise<string> {
  return flow(body).then(
    () => 'it did not fail',
    (error: unknown) => (error as Error).message,
  );
}

describe('a client peer', () => {
  it('connects when it first has something to send', () =>
    flow(({ serve, clientPeer, endpoint, act }) => {
      serve();
      clientPeer({ p: ping(1) }).sends('---p');
      act('--xy', { x: () => expect(endpoint.connections).toHaveLength(0), y: () => undefined });
      act('----z', { z: () => expect(endpoint.connections).toHaveLength(1) });
    }));

  it('connects anew behind an end or a cut of its own, which is no news to itself', () =>
    flow(({ serve, clientPeer, endpoint, act }) => {
      const server = serve();
      clientPeer({ p: ping(1), P: pong(1) })
        .sends('p|p#p')
        .expects('P-P-P');
      act('-----x', {
        x: () => expect([endpoint.connections.length, server.connectionCount]).toEqual([3, 1]),
      });
    }));

  it('sends several packets of one letter at once', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ p: [ping(1), ping(2)], P: [pong(1), pong(2)] })
        .sends('p-p')
        .expects('P-P');
    }));

  it('sends what depends on what it has received', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (asked) => asked.complete() });
      const next = (received: readonly { header: { sessionId: number } }[]) =>
        submit(received[0]!.header.sessionId, 1);
      clientPeer({ o: open(0), A: openAck(1), s: next, C: result(1, 1) })
        .sends('o-s')
        .expects('A-C');
    }));

  it('sends what comes before a cut, which the server sees as a failure', async () => {
    const errors: unknown[] = [];
    let packets = 0;
    await flow(({ endpoint, clientPeer }) => {
      const seen = { next: () => (packets += 1), error: (error: unknown) => errors.push(error) };
      endpoint.listen().subscribe(({ packets$ }) => packets$.subscribe(seen));
      clientPeer({ p: ping() }).sends('(p#)');
      clientPeer({ p: ping() }).sends('-p-#', {}, new RangeError('bits fell off'));
    });
    const cut = { kind: 'io', message: 'the connection to memory#1 failed: it was cut' };
    expect(errors).toEqual([expect.objectContaining(cut), new RangeError('bits fell off')]);
    expect(errors[0]).toBeInstanceOf(RuntimeError);
    expect(packets).toBe(2);
  });

  it('says that there is no server', async () => {
    expect(await failureOf(({ clientPeer }) => void clientPeer({ p: ping() }).sends('-p'))).toContain(
      'the client peer finds no server at frame 1; start one first',
    );
  });
});

describe('a server peer', () => {
  it('sends on the newest connection, and takes what comes on any', () =>
    flow(async ({ serverPeer, client }) => {
      const server = serverPeer({ P: ping(1), p: pong(1) });
      server.sends('P-P').expects('p-p');
      await client();
      await pause(1);
      await client();
    }));

  it('waits for whoever connects in the same frame by a timer', () =>
    flow(({ serverPeer, client, act }) => {
      act('---c', { c: () => void client() });
      serverPeer({ P: ping(1), p: pong(1) })
        .sends('---P')
        .expects('---p');
    }));

  it('says that nobody is connected', async () => {
    expect(await failureOf(({ serverPeer }) => void serverPeer({ p: ping() }).sends('-p'))).toContain(
      'at frame 1 nobody is connected to the server peer',
    );
  });

  it('sees how the client ends the connection', () =>
    flow(async ({ serverPeer, client, act }) => {
      serverPeer().expects('--|');
      const connected = await client();
      act('--x', { x: () => void connected.close() });
    }));
});

describe('expects', () => {
  it('wants everything that comes, ends among it', async () => {
    const told = await failureOf(({ serve, clientPeer, act }) => {
      const server = serve();
      clientPeer(session).sends('o--').expects('A--');
      act('--x', { x: () => void server.close({ graceMs: 0 }) });
    });
    expect(told).toContain('actual    A-(?|)');
  });

  it('compares order alone where it is told to', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('-----|') });
      const packets = { ...session, s: submit(42, 1), C: result(42, 1) };
      clientPeer(packets).sends('os-----').expects('AC', {}, { timing: 'order' });
    }));

  it('passes over paths where it is told to', () =>
    flow(({ serve, clientPeer }) => {
      serve({ grantedOperationCredit: 9 });
      clientPeer(session)
        .sends('o')
        .expects('A', {}, { ignoring: ['metadata.grantedOperationCredit'] });
    }));

  it('is said once', async () => {
    expect(await failureOf(({ clientPeer }) => clientPeer(session).expects('A').expects('A'))).toContain(
      'is said already: "A"',
    );
  });
});

describe('letters', () => {
  it.each<[string, (helpers: FlowHelpers) => unknown, string]>([
    [
      'that nobody knows',
      ({ clientPeer }) => clientPeer(session).sends('x'),
      'has the letter x, which names no packet; known are o, A',
    ],
    [
      'of two meanings',
      ({ clientPeer }) => clientPeer({ a: ping(1) }).sends('a', { a: ping(2) }),
      'the letter a of the client peer stands for another packet already',
    ],
    ['of two characters', ({ clientPeer }) => clientPeer({ ab: ping(1) }), '"ab" cannot stand for a packet'],
    [
      'that means something else',
      ({ clientPeer }) => clientPeer({ '|': ping(1) }),
      '"|" cannot stand for a packet',
    ],
  ])('%s are refused', async (_, body, told) => {
    expect(await failureOf(body)).toContain(told);
  });

  it('may be any one character', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ '🐳': ping(1), é: pong(1) })
        .sends('-🐳')
        .expects('-é');
    }));
});

describe('a string', () => {
  it('counts from the start of the flow, and not from where it is said', async () => {
    await flow(async ({ serve, clientPeer, scheduler }) => {
      serve();
      const peer = clientPeer({ p: ping(1), P: pong(1) });
      await pause(3);
      peer.sends('-----p').expects('-----P');
      expect(scheduler.now()).toBe(3);
    });
  });

  it('is too late where its frames are over', async () => {
    const told = await failureOf(async ({ serve, clientPeer }) => {
      serve();
      await pause(3);
      clientPeer({ p: ping(1) }).sends('-p');
    });
    expect(told).toContain('frame 1 is over, it is frame 3 already');
  });
});
