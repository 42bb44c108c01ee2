import { flow, open, openAck, ping, pong } from '../../../src/testing';

describe('FlowEndpoint', () => {
  it('names its kind, its place and its peers', () =>
    flow(async ({ newEndpoint, serve }) => {
      const endpoint = newEndpoint('quic');
      const server = serve({ listen: endpoint });
      expect(await server.listening()).toEqual([{ kind: 'quic', host: 'flow', port: 0, url: 'quic:' }]);
      endpoint.connect().subscribe((transport) => {
        expect([transport.kind, transport.peer]).toEqual(['quic', 'memory:']);
      });
      expect(endpoint.connections[0]).toMatchObject({ server: { kind: 'quic', peer: 'memory#1' } });
    }));

  it('has nobody to connect to where nobody listens', () =>
    flow(({ newEndpoint, expectObservable }) => {
      expectObservable(newEndpoint().connect()).toBe('#');
    }));

  it('cuts its newest connection, and both ends see it', () =>
    flow(({ serve, clientPeer, endpoint, act }) => {
      const server = serve();
      clientPeer({ p: ping(), P: pong() }).sends('p').expects('P');
      clientPeer({ o: open(42), A: openAck(42) })
        .sends('-o')
        .expects('-A-#');
      act('---c--x', { c: () => endpoint.cut(), x: () => expect(server.connectionCount).toBe(1) });
    }));

  it('lets an end that subscribes after a cut know of it', () =>
    flow(({ endpoint, act, expectObservable }) => {
      endpoint.listen().subscribe();
      endpoint.connect().subscribe((transport) => {
        expectObservable(transport.packets$, '---^').toBe('---#');
      });
      act('-c', { c: () => endpoint.cut() });
    }));
});
