import { filter, firstValueFrom, Observable } from 'rxjs';
import { connect } from '../../src/client/client';
import { createServer, type Server } from '../../src/server/server';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { cuttable } from '../support/cuttable';
import { told } from '../support/served';
import { until } from '../support/until';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ graceMs: 0 })));
});

describe.each([
  ['TCP', tcp],
  ['WebSocket', webSocket],
] as const)('a client that is closed, over %s,', (_, transport) => {
  /** A client with an answer under way that never ends, and how many of its handlers are at work. */
  async function asked(reconnect: object | undefined) {
    let working = 0;
    const server = createServer({ listen: transport({ port: 0 }) });
    servers.push(server);
    server.sessions$.subscribe((session) => {
      session.respond(
        () =>
          new Observable(() => {
            working += 1;
            return () => (working -= 1);
          }),
      );
    });
    const [at] = await server.listening();
    const place = cuttable(transport({ port: at!.port }));
    const client = await connect(place);
    const session = await client.openSession(reconnect === undefined ? {} : { reconnect });
    const seen = told(session.submit({ body: 'x' }));
    await until(() => working === 1, 'the handler to work');
    return { server, place, client, session, seen, handlers: () => working };
  }

  it.each([[undefined], [{}]])('ends its handlers at once, with reconnect %p', async (reconnect) => {
    const { server, client, seen, handlers } = await asked(reconnect);
    await client.close();
    await until(() => handlers() === 0, 'the handler to end');
    await until(() => server.sessionCount === 0, 'the session to end');
    expect(seen).toMatchObject([{ reason: 'session-closed', outcome: 'unknown' }]);
  });

  it('ends them where it was just about to connect again', async () => {
    const { server, place, client, session, seen, handlers } = await asked({});
    place.cut();
    await firstValueFrom(session.state$.pipe(filter((state) => state === 'reconnecting')));
    await client.close();
    expect(seen).toMatchObject([{ reason: 'session-closed' }]);
    expect([handlers(), server.sessionCount]).toEqual([0, 0]);
  });

  it('ends the session that it was just about to open', async () => {
    const server = createServer({ listen: transport({ port: 0 }) });
    servers.push(server);
    server.sessions$.subscribe();
    const [at] = await server.listening();
    const client = await connect(transport({ port: at!.port }));
    const opening = client.openSession({ reconnect: {} });
    await Promise.all([client.close(), expect(opening).rejects.toMatchObject({ kind: 'io' })]);
    expect(server.sessionCount).toBe(0);
  });

  it('and so does a session that is closed meanwhile', async () => {
    const { server, place, client, session, handlers } = await asked({});
    place.cut();
    await firstValueFrom(session.state$.pipe(filter((state) => state === 'reconnecting')));
    expect(await session.close()).toMatchObject({ closeStatus: 2 });
    expect([handlers(), server.sessionCount, session.state]).toEqual([0, 0, 'closed']);
    await client.close();
  });
});
