import { firstValueFrom } from 'rxjs';
import type { RuntimeError } from '../../src';
import { flow, flowUpdate, open, openAck, result, submit } from '../../src/testing';
import { run } from '../flows/support';

const LONG = { tailMs: 20_000 };
const UNSERVED =
  /^submits of session 42 wait for 5 s, and nobody takes them: subscribe to `server.sessions\$`, and call `session.respond/;

function collect(into: string[]): (failure: RuntimeError) => void {
  return ({ message, reach, origin }) => void into.push(`${reach} ${origin} ${message}`);
}

describe('a session that nobody responds to', () => {
  const packets = {
    o: open(42),
    s: submit(42, 1),
    t: submit(42, 2),
    A: openAck(42),
    S: result(42, 1),
    T: result(42, 2),
  };

  it.each(['a server whose sessions nobody takes', 'a session without a handler'])(
    'is told once: %s',
    async (what) => {
      const seen: string[] = [];
      const failures: RuntimeError[] = [];
      await flow(({ serve, clientPeer }) => {
        const server = serve(what === 'a session without a handler' ? { onSession: () => undefined } : {});
        server.failures$.subscribe((failure) => failures.push(failure));
        server.failures$.subscribe(collect(seen));
        clientPeer(packets).sends('os----t').expects('A');
      }, LONG);
      expect(seen).toHaveLength(1);
      expect(failures[0]).toMatchObject({ kind: 'internal', reach: 'session', origin: 'application' });
      expect(failures[0]?.message).toMatch(UNSERVED);
    },
  );

  it('is not told where somebody comes in time, nor of a session without submits', async () => {
    const seen: string[] = [];
    await flow(({ serve, session, clientPeer, act }) => {
      serve().failures$.subscribe(collect(seen));
      act('----r', { r: () => session(42).respond(() => []) });
      clientPeer({ ...packets, p: open(7), B: openAck(7) })
        .sends('ospt')
        .expects('A-B-(ST)');
    }, LONG);
    expect(seen).toEqual([]);
  });

  it('is not told where a submit waits for a slot', async () => {
    const seen: string[] = [];
    await flow(({ serve, clientPeer, cold }) => {
      const server = serve({
        respond: () => cold('6s -|'),
        maxInFlightOperations: 1,
        grantedOperationCredit: 2,
      });
      server.failures$.subscribe(collect(seen));
      const granted = { maxInFlightOperations: 1, grantedOperationCredit: 2 };
      clientPeer({ ...packets, A: openAck(42).with(granted) })
        .sends('ost')
        .expects('A 6s -S 6s T');
    }, LONG);
    expect(seen).toEqual([]);
  });
});

describe('a submit that waits for credit', () => {
  const one = openAck().with({ grantedOperationCredit: 1 });

  it('is told once of a session, with what helps', async () => {
    const seen: string[] = [];
    await flow(async ({ client, serverPeer }) => {
      serverPeer({ A: one }).sends('A');
      const connected = await client();
      connected.failures$.subscribe(collect(seen));
      const session = await connected.openSession();
      run(session.submit({}), session.submit({}), session.submit({}));
      expect(await firstValueFrom(session.credit$)).toMatchObject({ granted: 1, waiting: 2 });
    }, LONG);
    expect(seen).toEqual([
      'operation application submits of session 1 wait for credit (2, one for 5 s): 1 in flight are all that the server grants; end some, or have it grant more (`maxInFlightOperations` of createServer, `session.grant`)',
    ]);
  });

  it('is told of a session that is paused', async () => {
    const seen: string[] = [];
    await flow(async ({ client, serverPeer, act }) => {
      serverPeer({ A: one, P: flowUpdate(1).pause(1) }).sends('AP');
      const connected = await client();
      connected.failures$.subscribe(collect(seen));
      const session = await connected.openSession();
      act('--s', { s: () => run(session.submit({})) });
    }, LONG);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain('the server has paused it, or grants none');
  });

  it('is not told where each waits for less, nor of one that is given up', async () => {
    const seen: string[] = [];
    await flow(async ({ client, serverPeer, act, expectQuiescent }) => {
      const [S, T, U] = [1, 2, 3].map((frameId) => result(1, frameId)) as [never, never, never];
      serverPeer({ A: one, S, T, U }).sends('A 4s -S 4s -T 4s -U');
      const connected = await client();
      connected.failures$.subscribe(collect(seen));
      const session = await connected.openSession();
      run(session.submit({}), session.submit({}), session.submit({}));
      const given = session.submit({}).subscribe();
      act('- 11s u', { u: () => given.unsubscribe() });
      expectQuiescent();
    }, LONG);
    expect(seen).toEqual([]);
  });
});
