import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { lastValueFrom, NEVER, of, toArray } from 'rxjs';
import { connect } from '../../../src/client/client';
import { decodeTokens } from '../../../src/protocol/content/token-decoder';
import { createServer, type Server } from '../../../src/server/server';
import { tcp } from '../../../src/transport/tcp/tcp';

const PEER = join(__dirname, 'rust/target/release/nnrp-interop-preview4');

const processes: ChildProcess[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const process of processes.splice(0)) process.kill();
  await Promise.all(servers.splice(0).map((server) => server.close({ graceMs: 0 })));
});

function peer(...args: readonly string[]): ChildProcess & { readonly lines: AsyncIterableIterator<string> } {
  const child = spawn(PEER, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  processes.push(child);
  return Object.assign(child, { lines: createInterface(child.stdout)[Symbol.asyncIterator]() });
}

async function listening(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ listen: tcp({ port: 0 }) });
  servers.push(server);
  server.sessions$.subscribe((session) =>
    session.respond((submit) => (submit.text === 'wait' ? NEVER : of('one', 'two'))),
  );
  const [address] = await server.listening();
  return { server, port: address!.port };
}

async function rustServer(): Promise<number> {
  const first: IteratorResult<string, unknown> = await peer('server').lines.next();
  return Number(first.value);
}

describe('preview4 of the reference', () => {
  it('has a client that is served: open, submit, stream, cancel, resume, close', async () => {
    const { server, port } = await listening();
    const client = peer('client', String(port));
    const seen: string[] = [];
    for await (const line of client.lines) seen.push(line);
    expect(seen).toEqual([
      'opened',
      'part 1 of 101: one',
      'part 2 of 101: two',
      'result',
      'dropped 3 of 102',
      'resumed',
      'part 1 of 103: one',
      'part 2 of 103: two',
      'result',
      'closed',
    ]);
    expect(server.sessionCount).toBe(0);
  });

  it('has a server that answers: open, submit, stream, cancel, close', async () => {
    const client = await connect(tcp({ port: await rustServer() }), { revision: 'auto' });
    const session = await client.openSession();
    const results = await lastValueFrom(session.submit({ body: 'stream' }).pipe(toArray()));
    expect(results.map((result) => decodeTokens(result).join(''))).toEqual(['one', 'two', 'end']);
    const waiting = session.submit({ body: 'wait' }).subscribe();
    await setTimeout(50);
    waiting.unsubscribe();
    const after = await lastValueFrom(session.submit({ body: 'stream' }).pipe(toArray()));
    expect(after).toHaveLength(3);
    const violations: unknown[] = [];
    client.violations$.subscribe((violation) => violations.push(violation));
    await session.close();
    await client.close();
    expect(violations).toEqual([]);
  });

  it('is told why it gets no auth block', async () => {
    const client = await connect(tcp({ port: await rustServer() }), { revision: 'auto' });
    await expect(client.openSession({ auth: 'secret' })).rejects.toThrow('takes no auth block');
    expect((await client.openSession()).sessionId).not.toBe(0);
    await client.close();
  });

  it('is served on one port with clients of preview3, at the same time', async () => {
    const { port } = await listening();
    const rust = peer('client', String(port));
    const clients = await Promise.all(
      (['preview3', 'preview4', 'auto'] as const).map((revision) => connect(tcp({ port }), { revision })),
    );
    for (const client of clients) {
      const session = await client.openSession();
      const results = await lastValueFrom(session.submit({ body: 'stream' }).pipe(toArray()));
      expect(results.flatMap((result) => decodeTokens(result))).toEqual(['one', 'two']);
    }
    const [code] = (await once(rust, 'exit')) as [number];
    expect(code).toBe(0);
    await Promise.all(clients.map((client) => client.close()));
  });
});
