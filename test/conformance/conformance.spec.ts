import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lastValueFrom, NEVER, toArray } from 'rxjs';
import { connect, createServer, ipc, tcp, webSocket, type Server } from '../../src';
import type { ConnectEndpoint, ListenEndpoint } from '../../src/transport/endpoint';
import { DropReason } from '../../src/wire';
import { EXECUTABLE } from './executable';
import { RawListener } from '../support/raw-socket';

/** What the suite has seen of a scenario, in its own words. */
interface Report {
  readonly terminal: string;
  readonly frames: readonly string[];
  readonly dropReason?: number;
  readonly traces?: readonly number[];
}

async function run(scenario: string, endpoint: string): Promise<Report> {
  const { stdout } = await promisify(execFile)(EXECUTABLE, [scenario, endpoint]);
  return JSON.parse(stdout) as Report;
}

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close({ graceMs: 0 }))));

describe('the live wire scenarios of the conformance suite', () => {
  it('wire.control.deadline-before-submit.client: one result, whatever was scheduled before', async () => {
    const server = createServer({ listen: tcp({ port: 0 }) });
    servers.push(server);
    server.sessions$.subscribe((session) => session.respond((submit) => submit.complete(submit.body)));
    const [address] = await server.listening();
    const endpoint = `127.0.0.1:${address!.port}`;
    expect(await run('wire.control.deadline-before-submit.client', endpoint)).toEqual({
      terminal: 'Success',
      frames: ['Deadline', 'Request', 'ResultPush'],
    });
  });

  it.each<[string, (path: string) => ListenEndpoint, (port: number, path: string) => string]>([
    ['client', () => tcp({ port: 0 }), (port) => `127.0.0.1:${port}`],
    ['ipc-client', (path) => ipc({ path }), (_, path) => `unix://${path}`],
  ])(
    'wire.control.cancel-abort.%s: where the work is in a trace, and why there is no answer',
    async (suffix, listen, place) => {
      const folder = await mkdtemp(join(tmpdir(), 'nnrp-'));
      const path = join(folder, 'suite.sock');
      const server = createServer({ listen: listen(path) });
      servers.push(server);
      server.sessions$.subscribe((session) =>
        session.respond(() => {
          session.sendTrace({ traceId: 0x1234n, spanId: 0x5678n });
          return NEVER;
        }),
      );
      const [address] = await server.listening();
      const seen = await run(`wire.control.cancel-abort.${suffix}`, place(address!.port, path));
      expect(seen).toEqual({
        terminal: 'Cancelled',
        frames: ['Request', 'Cancel', 'TraceContext', 'ResultDropReason'],
        dropReason: DropReason.PeerCancelled,
        // Of the session: the client has none of the operation any more.
        traces: [0],
      });
      await rm(folder, { recursive: true });
    },
  );

  it.each<[string, string, (port: number) => string, (port: number) => ConnectEndpoint]>([
    [
      'wire.control.progress-backpressure.server',
      'tcp',
      (port) => `127.0.0.1:${port}`,
      (port) => tcp({ port }),
    ],
    [
      'wire.control.progress-backpressure.websocket-server',
      'WebSocket',
      (port) => `ws://127.0.0.1:${port}/nnrp`,
      (port) => webSocket({ port, path: '/nnrp' }),
    ],
  ])(
    '%s: a client over %s hears progress, credit, a part and the end',
    async (scenario, _, place, endpoint) => {
      const listener = await RawListener.listen();
      const { port } = listener;
      listener.close();
      const reported = run(scenario, place(port));
      const client = await connect(endpoint(port), {
        revision: 'preview4',
        reconnect: { minDelayMs: 50, maxDelayMs: 50, waitOnFirstConnect: true },
      });
      const session = await client.openSession();
      const results = await lastValueFrom(session.submit({ body: 'ask' }).pipe(toArray()));
      expect(results.map(({ body }) => Buffer.from(body).toString())).toEqual([
        'partial',
        'wire-external-result',
      ]);
      await session.close();
      await client.close();
      expect(await reported).toEqual({
        terminal: 'Success',
        frames: ['Request', 'Progress', 'CreditUpdate', 'PartialResult'],
      });
    },
  );
});
