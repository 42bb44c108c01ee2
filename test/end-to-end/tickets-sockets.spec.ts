import { firstValueFrom, interval, map, take } from 'rxjs';
import { connect, createServer, tcp, webSocket, type Client, type Server } from '../../src';
import { cuttable } from '../support/cuttable';
import { until } from '../support/until';

const PARTS = 50;
const WHOLE = Array.from({ length: PARTS }, (_, part) => `${part} `).join('');

describe.each(['tcp', 'websocket'] as const)('a ticket over %s', (kind) => {
  let server: Server;
  const clients: Client[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await server.close({ graceMs: 0 });
  });

  it('takes an answer up from another client, whole, whatever of it had come', async () => {
    let started = 0;
    server = createServer({ listen: kind === 'tcp' ? tcp({ port: 0 }) : webSocket({ port: 0 }), retain: {} });
    server.sessions$.subscribe((session) => {
      session.respond(() => {
        started += 1;
        return interval(2).pipe(
          take(PARTS),
          map((part) => `${part} `),
        );
      });
    });
    const [address] = await server.listening();
    const { port } = address!;
    const endpoint = cuttable(kind === 'tcp' ? tcp({ port }) : webSocket({ port }));
    const first = await connect(endpoint);
    clients.push(first);
    const session = await first.openSession({ allowResume: true });
    let results = 0;
    session.submit({ body: 'count' }).subscribe({ next: () => (results += 1), error: () => undefined });
    const ticket = await firstValueFrom(session.ticket$);
    await until(() => results > 5, 'results');
    endpoint.cut();

    const second = await connect(endpoint);
    clients.push(second);
    const again = await second.resumeSession(ticket);
    const [operation] = again.operations;
    expect(operation).toMatchObject({ operationId: 1, isWhole: true, sent: { text: 'count' } });
    expect(await operation?.results.whole()).toEqual({ text: WHOLE });
    expect(started).toBe(1);
    expect(await again.submit({ body: 'count' }).whole()).toEqual({ text: WHOLE });
  });
});
