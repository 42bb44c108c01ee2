import { firstValueFrom, lastValueFrom, timer } from 'rxjs';
import { connect, createServer, tcp, webSocket, type Client, type Server } from '../../src';

const MIB = 1024 * 1024;

/** A client that says nothing of itself: nobody knows what it takes, nor what it has received. */
describe.each(['tcp', 'websocket'] as const)('an answer that ends every connection, over %s', (kind) => {
  let server: Server;
  let client: Client;

  beforeEach(async () => {
    server = createServer({ listen: kind === 'tcp' ? tcp({ port: 0 }) : webSocket({ port: 0 }) });
    server.sessions$.subscribe((session) =>
      session.respond(async (submit) => {
        const [size = 0] = submit.body;
        if (size === 0) await firstValueFrom(timer(1500));
        return new Uint8Array(size * MIB);
      }),
    );
    const [{ port } = { port: 0 }] = await server.listening();
    client = await connect(kind === 'tcp' ? tcp({ port }) : webSocket({ port }));
  });

  afterEach(async () => {
    await client.close();
    await server.close();
  });

  it('ends its operation, as the session goes on', async () => {
    const session = await client.openSession({ announce: false, reconnect: { minDelayMs: 1 } });
    const outcome = async (size: number): Promise<unknown> =>
      lastValueFrom(session.submit({ body: Uint8Array.of(size) })).then(
        () => 'answered',
        (error: unknown) => error,
      );
    const unreadable: unknown = expect.objectContaining({ reason: 'unreadable', outcome: 'given-up' });
    const quiet = outcome(0);
    expect(await outcome(9)).toEqual(unreadable);
    // Over TCP the header says whose it is; a WebSocket says nothing of a message that it does not take. What was lost
    // of the others nobody can tell.
    const lost: unknown = expect.objectContaining({ reason: 'connection-lost', outcome: 'unknown' });
    expect(await quiet).toEqual(kind === 'tcp' ? lost : unreadable);
    expect(await outcome(1)).toBe('answered');
  });
});
