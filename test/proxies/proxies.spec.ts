import { Agent } from 'node:http';
import { interval, map, take, timer } from 'rxjs';
import {
  connect,
  createServer,
  tcp,
  webSocket,
  type Client,
  type ClientSession,
  type ConnectEndpoint,
  type Server,
  type SessionConnectivity,
} from '../../src';
import { pause, until } from '../support/until';
import { HAPROXY, NGINX, Proxy, TIME_OUT_MS } from './support/proxy';

const PARTS = 60;
const PARTS_APART_MS = 50;
const WHOLE = Array.from({ length: PARTS }, (_, part) => `${part} `).join('');
/** Thinks for longer than the proxy waits. */
const THOUGHT_MS = 2.5 * TIME_OUT_MS;
const KEPT_ALIVE = { idleMs: TIME_OUT_MS / 4, timeoutMs: 10_000 };
const LEFT_ALONE = { idleMs: 0, timeoutMs: 10_000 };
/** Whom the proxy has the connection from. */
const CLIENT = '127.0.0.9';

const trustProxy = ['127.0.0.1'];

const WAYS = [
  { name: 'nginx', kind: NGINX, way: 'webSocket' },
  { name: 'haproxy', kind: HAPROXY, way: 'webSocket' },
  { name: 'haproxy over TCP', kind: HAPROXY, way: 'tcp' },
] as const;

let server: Server;
let proxy: Proxy;
let client: Client;
let states: SessionConnectivity[];
let peers: string[];
let given: number;
const reports: unknown[] = [];

async function serve(kind: (typeof WAYS)[number]['kind'], keepAlive = KEPT_ALIVE): Promise<void> {
  given = 0;
  peers = [];
  server = createServer({
    listen: [webSocket({ port: 0, trustProxy }), tcp({ port: 0, trustProxy })],
    keepAlive,
  });
  server.failures$.subscribe((failure) => reports.push(failure));
  server.violations$.subscribe((violation) => reports.push(violation));
  server.limits$.subscribe((tripped) => reports.push(tripped));
  server.sessions$.subscribe((session) => {
    peers.push(session.peer);
    session.respond(({ text }) =>
      text === 'think'
        ? timer(THOUGHT_MS).pipe(map(() => 'done'))
        : interval(PARTS_APART_MS).pipe(
            take(PARTS),
            map((part) => {
              given += 1;
              return `${part} `;
            }),
          ),
    );
  });
  const [web, plain] = await server.listening();
  proxy = await Proxy.start(kind, { webSocket: web!.port, tcp: plain!.port });
}

async function open(endpoint: ConnectEndpoint, keepAlive = KEPT_ALIVE): Promise<ClientSession> {
  client = await connect(endpoint, { keepAlive });
  const session = await client.openSession({ requestedSessionId: 0, reconnect: { minDelayMs: 20 } });
  states = [];
  session.state$.subscribe((state) => states.push(state));
  return session;
}

async function ask(session: ClientSession, body: string): Promise<string> {
  return (await session.submit({ body }).whole()).text;
}

afterEach(async () => {
  await client.close();
  await server.close({ graceMs: 0 });
  await proxy.end();
  expect(reports.splice(0)).toEqual([]);
});

describe.each(WAYS)('behind $name', ({ kind, way }) => {
  const endpoint = (): ConnectEndpoint =>
    way === 'tcp'
      ? tcp({ port: proxy.front.tcp })
      : webSocket({ port: proxy.front.webSocket, agent: new Agent({ localAddress: CLIENT }) });

  it('a connection that is idle for longer than the time-outs is kept, and may think', async () => {
    await serve(kind);
    const session = await open(endpoint());
    await pause(2.5 * TIME_OUT_MS);
    expect(await ask(session, 'think')).toBe('done');
    expect(states).toEqual(['open']);
  });

  it('one that nobody keeps alive is not, and its session goes on over another', async () => {
    await serve(kind, LEFT_ALONE);
    const session = await open(endpoint(), LEFT_ALONE);
    expect(await ask(session, 'think')).toBe('done');
    expect(states.slice(0, 3)).toEqual(['open', 'reconnecting', 'resumed']);
  });

  it.each(['reload', 'restart'] as const)('an answer is whole over a %s', async (event) => {
    await serve(kind);
    const session = await open(endpoint());
    const answer = ask(session, 'parts');
    await until(() => given >= 10, 'parts');
    await proxy[event]();
    expect(await answer).toBe(WHOLE);
    expect(states).toEqual(['open', 'reconnecting', 'resumed']);
  });

  // Over TCP a connection without the proxy's header would be refused.
  it('the client is whom the proxy has it from', async () => {
    await serve(kind);
    await open(endpoint());
    expect(peers).toEqual([way === 'tcp' ? expect.stringMatching(/^127\.0\.0\.1:\d+$/) : CLIENT]);
  });
});
