import { RuntimeError } from '../../src/protocol/runtime-error';
import { flow, open, openAck, ping, pong, result, resumeToken, submit } from '../../src/testing';
import { run } from './support';

const packets = {
  o: open().announced(),
  O: [open().announced(), submit(1, 1, 'hi')],
  /** Of a server that answers PING, and of one that does not say. */
  A: openAck().announced(),
  B: openAck(),
  p: ping(1),
  P: pong(1),
  q: ping(2),
  Q: pong(2),
  x: result(1, 1, 'x').partial(),
  C: result(1, 1),
};
/** A server that says nothing for 10 ms is asked, and has 5 ms to answer. */
const keepAlive = { idleMs: 10, timeoutMs: 5 };
/** Keep-alive goes on for ever. */
const only = { tailMs: 0 };

const [one, two] = [resumeToken(1), resumeToken(2)];
const resumable = {
  ...packets,
  O: [open().resumable().announced(), submit(1, 1, 'hi')],
  A: openAck().withToken(one).announced(),
  r: open(1)
    .resuming(one)
    .announced({ receivedResults: 0, wantedOperations: [1], resumeAttempt: 1 }),
  R: openAck().resumed(two).announced(1),
};

function silent(peer: string): RuntimeError {
  return new RuntimeError('io', `the connection to ${peer} has gone silent: no sign of life for 15 ms`, {
    reach: 'connection',
    origin: 'peer',
  });
}

describe('the keep-alive of a client', () => {
  it('asks a server that is quiet, and ends the connection of one that does not answer', () =>
    flow(async ({ client, serverPeer, expectObservable }) => {
      serverPeer(packets).sends('A').expects('o---------p----|');
      const connected = await client({ keepAlive });
      expectObservable(connected.ended$).toBe('---------------#', undefined, silent(connected.peer));
      const session = await connected.openSession();
      expectObservable(session.state$).toBe('o--------------(c|)', { o: 'open', c: 'closed' });
    }));

  it('is content with an answer', () =>
    flow(async ({ client, serverPeer }) => {
      serverPeer(packets).sends('A---------P------------Q').expects('o---------p---------q');
      await (await client({ keepAlive })).openSession();
    }, only));

  it('asks nobody who is talking', () =>
    flow(async ({ client, serverPeer }) => {
      serverPeer(packets).sends('A--------x--------x----C').expects('O');
      run((await (await client({ keepAlive })).openSession()).submit({ body: 'hi' }));
    }, only));

  it('never asks a server that has not said that it answers, and never gives it up', () =>
    flow(async ({ client, serverPeer, expectObservable }) => {
      serverPeer(packets).sends('B 1s C').expects('O');
      const session = await (await client({ keepAlive })).openSession();
      run(session.submit({ body: 'hi' }));
      expectObservable(session.state$).toBe('o', { o: 'open' });
    }, only));

  it('brings a session that reconnects to another connection', () =>
    flow(async ({ client, serverPeer, expectObservable }) => {
      serverPeer(resumable).sends('A------------------R-C').expects('O---------p----|---r');
      const session = await (await client({ keepAlive })).openSession({ reconnect: { minDelayMs: 4 } });
      expectObservable(session.submit({ body: 'hi' })).toBe('---------------------(c|)', {
        c: expect.objectContaining({ frameId: 1 }),
      });
    }, only));
});
