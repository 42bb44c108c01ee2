import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';

/** A Redis of the bench's own, which keeps nothing on disk: `REDIS_SERVER`, or what PATH has. */
export class Redis {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  static async start(): Promise<Redis> {
    const program = process.env['REDIS_SERVER'] ?? 'redis-server';
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir()];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      child.once('error', (cause) => {
        const text = `${program} was not found; bench:cluster needs Redis 7, or REDIS_SERVER=/path/to/it`;
        reject(new Error(text, { cause }));
      });
      child.once('exit', (code) => {
        reject(new Error(`${program} ended with code ${code}`));
      });
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
    return new Redis(child, `redis://127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    const { process: child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}
