import { NEVER } from 'rxjs';
import { flow, open, openAck, patch, resumeToken, submit } from '../../src/testing';
import { run } from './support';

const s = [1, 2, 3].map((frameId) => submit(42, frameId));
const packets = { o: open(42).resumable(), t: open(7), s, q: submit(42, 9) };
const nothing = {
  connections: 0,
  sessions: 0,
  operationsInFlight: 0,
  slotsKept: 0,
  operationsQueued: 0,
  outboxResults: 0,
  outboxBytes: 0,
  heldBytes: 0,
  retainedBytes: 0,
  queuedBytes: 0,
};
const idle = {
  links: 1,
  sessions: 1,
  operationsInFlight: 0,
  operationsWaiting: 0,
  bufferedBytes: 0,
  acksAwaited: 0,
  queuedBytes: 0,
};
const reconnect = { minDelayMs: 10 };
const resumable = { A: openAck().withToken(resumeToken(1)).announced() };

describe('what a server holds', () => {
  it('is its connections, sessions and operations', () =>
    flow(({ serve, clientPeer, act }) => {
      const server = serve({ respond: () => NEVER });
      act('x', { x: () => expect(server.usage).toEqual(nothing) });
      clientPeer(packets).sends('-otsq');
      const held = { ...nothing, connections: 1, sessions: 2, operationsInFlight: 4 };
      act('-----x', { x: () => expect(server.usage).toEqual(held) });
    }));

  it('is what waits for somebody to take it', () =>
    flow(({ serve, clientPeer, act }) => {
      const server = serve();
      clientPeer(packets).sends('os');
      act('--x', {
        x: () => expect(server.usage).toMatchObject({ operationsInFlight: 0, operationsQueued: 3 }),
      });
    }));

  it('is results that wait for their client', () =>
    flow(({ serve, clientPeer, cold, act }) => {
      const server = serve({ respond: () => cold('--|') });
      clientPeer(packets).sends('os#');
      const held = { connections: 0, sessions: 1, outboxResults: 3, outboxBytes: 3 * (256 + 104) };
      act('----x', { x: () => expect(server.usage).toMatchObject(held) });
    }));
});

describe('what a client holds', () => {
  it('is its connections, sessions and operations, in flight and waiting', () =>
    flow(async ({ serverPeer, client }) => {
      serverPeer({ A: openAck() }).sends('A');
      const connected = await client();
      const session = await connected.openSession();
      run(...[1, 2, 3, 4, 5].map(() => session.submit({})));
      const held = { ...idle, operationsInFlight: 4, operationsWaiting: 1, queuedBytes: 4 * 112 };
      expect(connected.usage).toEqual(held);
    }));

  it('is requests whose answers are to come', () =>
    flow(async ({ serverPeer, client, act }) => {
      serverPeer({ A: openAck(), p: patch(1) }).sends('A');
      const connected = await client();
      const session = await connected.openSession();
      void session.patch({}).catch(() => undefined);
      void connected.openSession({ requestedSessionId: 7 }).catch(() => undefined);
      act('-x', { x: () => expect(connected.usage).toEqual({ ...idle, acksAwaited: 2 }) });
    }));

  it('is sessions that wait for their connection', () =>
    flow(async ({ serverPeer, client, act }) => {
      serverPeer(resumable).sends('A-#');
      const connected = await client();
      await connected.openSession({ reconnect });
      act('---x', { x: () => expect(connected.usage).toEqual({ ...idle, links: 0 }) });
    }));
});
