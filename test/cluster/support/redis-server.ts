import { createClient } from '@redis/client';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port';
import { programPath } from '../../support/program-path';
import { until } from '../../support/until';

/** The server to test with: `REDIS_SERVER`, or the first that PATH has. */
export function redisServerPath(): string | undefined {
  return programPath('redis-server');
}

/** A Redis of a test's own, which keeps nothing on disk. */
export class RedisServer {
  private process: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'nnrp-redis-'));

  private constructor(
    readonly port: number,
    private readonly options: readonly string[],
  ) {}

  /** With options of its own, as its command line has them. */
  static async start(...options: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Also after `kill`: then it has forgotten everything. */
  async start(): Promise<void> {
    const args = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.process = spawn(redisServerPath()!, [...args, ...this.options, '--dir', this.folder], {
      stdio: 'ignore',
    });
    let isUp = false;
    const ask = (): void => {
      const socket = connect(this.port, '127.0.0.1', () => {
        isUp = true;
        socket.destroy();
      });
      socket.on('error', () => setTimeout(ask, 20));
    };
    ask();
    await until(() => isUp, 'redis-server', 10_000);
  }

  /** Has it do something. */
  async command(...words: string[]): Promise<unknown> {
    const client = await createClient({ url: this.url }).connect();
    try {
      return await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  }

  /** A figure that INFO has. */
  async info(name: string): Promise<string | undefined> {
    const said = String(await this.command('INFO'));
    return new RegExp(`^${name}:(.*)\\r?$`, 'm').exec(said)?.[1]?.trim();
  }

  async kill(): Promise<void> {
    const { process: running } = this;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    await new Promise((resolve) => {
      running.once('exit', resolve);
      running.kill('SIGKILL');
    });
  }

  /** It answers nobody, and does not say so. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  async end(): Promise<void> {
    this.thaw();
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
