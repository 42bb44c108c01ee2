import { lastValueFrom, toArray } from 'rxjs';
import { WebSocket as PlatformWebSocket } from 'undici';
import { connect, createServer, decodeText, webSocket } from '../../../src';

// As in Bun: a WebSocket of the platform's, and a `ws` that shows no socket, which is not asked for one.
const platform = globalThis as { WebSocket?: unknown };
const { WebSocket: before } = platform;
const { versions } = process;

beforeAll(() => {
  platform.WebSocket = PlatformWebSocket;
  Object.defineProperty(process, 'versions', { value: { ...versions, bun: '1.4.5' } });
});
afterAll(() => {
  platform.WebSocket = before;
  Object.defineProperty(process, 'versions', { value: versions });
});

describe('webSocket in Bun', () => {
  it("connects with the platform's own", async () => {
    const server = createServer({ listen: webSocket({ port: 0, path: '/nnrp' }) });
    server.sessions$.subscribe((session) => {
      session.respond(() => ['a', 'b']);
    });
    const [address] = await server.listening();
    const client = await connect(webSocket({ port: address!.port, path: '/nnrp' }));
    const session = await client.openSession();
    const text$ = session.submit({ body: 'hi' }).pipe(decodeText(), toArray());
    expect((await lastValueFrom(text$)).join('')).toBe('ab');
    await client.close();
    await server.close();
  });

  it('says that it can be given no certificates', async () => {
    const endpoint = webSocket({ port: 9, tls: { serverName: 'localhost' } });
    await expect(connect(endpoint)).rejects.toThrow(/whom to trust is for the platform/);
  });
});
