import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port';
import { programPath } from '../../support/program-path';
import { pause } from '../../support/until';
import { documented } from './documented';

/** What the page's time-outs are here, and how long a reload lets old connections be. */
export const TIME_OUT_MS = 1_000;
const SHORT = `${TIME_OUT_MS}ms`;

/** Of each way of speaking: where the proxy listens, and where the server does. */
interface Place {
  readonly front: Ports;
  readonly back: Ports;
}

interface Ports {
  readonly webSocket: number;
  readonly tcp: number;
}

/** A program that stands in front of a server, and how it is told things. */
interface Kind {
  readonly name: 'nginx' | 'haproxy';
  readonly args: readonly string[];
  readonly reloads: NodeJS.Signals;
  readonly configuration: (folder: string, place: Place) => string;
}

export const NGINX: Kind = {
  name: 'nginx',
  args: ['-c'],
  reloads: 'SIGHUP',
  configuration: (folder, { front, back }) => {
    const [main = '', http = ''] = documented('nginx', {
      'listen 80': `listen 127.0.0.1:${front.webSocket}`,
      '127.0.0.1:8080': `127.0.0.1:${back.webSocket}`,
      '30s': SHORT,
      '60s': SHORT,
    });
    // What a distribution has around it, without its places in the file system.
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    return [
      `daemon off; pid ${folder}/pid; error_log ${folder}/log; events {}`,
      main,
      `http { access_log off; ${paths.join(' ')}`,
      `${http}}`,
    ].join('\n');
  },
};

export const HAPROXY: Kind = {
  name: 'haproxy',
  // With a master, which is what takes a reload.
  args: ['-W', '-f'],
  reloads: 'SIGUSR2',
  configuration: (_folder, { front, back }) =>
    documented('haproxy', {
      'bind :80': `bind 127.0.0.1:${front.webSocket}`,
      'bind :4433': `bind 127.0.0.1:${front.tcp}`,
      '127.0.0.1:8080': `127.0.0.1:${back.webSocket}`,
      '127.0.0.1:4480': `127.0.0.1:${back.tcp}`,
      '30s': SHORT,
      '60s': SHORT,
    }).join(''),
};

/** A proxy of a test's own. */
export class Proxy {
  private process: ChildProcess | undefined;
  private output = '';

  private constructor(
    private readonly kind: Kind,
    readonly front: Ports,
    private readonly folder: string,
  ) {}

  static async start(kind: Kind, back: Ports): Promise<Proxy> {
    const front = { webSocket: await freePort(), tcp: await freePort() };
    const folder = mkdtempSync(join(tmpdir(), `nnrp-${kind.name}-`));
    writeFileSync(join(folder, 'conf'), kind.configuration(folder, { front, back }));
    const proxy = new Proxy(kind, front, folder);
    await proxy.start();
    return proxy;
  }

  /** New processes, with the same configuration; the old let their connections end. */
  reload(): void {
    this.process?.kill(this.kind.reloads);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async start(): Promise<void> {
    const { name, args } = this.kind;
    const child = spawn(programPath(name) ?? name, [...args, join(this.folder, 'conf')]);
    const note = (chunk: Buffer): void => {
      this.output += chunk.toString();
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    this.process = child;
    while (!(await isListening(this.front.webSocket))) {
      if (child.exitCode !== null) throw new Error(`${name} has ended: ${this.output}${this.log()}`);
      await pause(10);
    }
  }

  private async stop(): Promise<void> {
    const { process: running } = this;
    if (running === undefined || running.exitCode !== null) return;
    await new Promise((resolve) => {
      running.once('exit', resolve);
      running.kill('SIGTERM');
    });
  }

  private log(): string {
    try {
      return readFileSync(join(this.folder, 'log'), 'utf8');
    } catch {
      return '';
    }
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => {
        resolve(false);
      });
  });
}
