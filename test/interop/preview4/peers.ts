import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PYTHON } from './python/install';

const EXECUTABLE = process.platform === 'win32' ? 'nnrp-interop-preview4.exe' : 'nnrp-interop-preview4';
const RUST = join(__dirname, 'rust', 'target', 'release', EXECUTABLE);
const CLIENT = join(__dirname, 'python', 'client.py');

/** A program that plays one end of a session as it is written, and says in lines what it sees. */
export class Peer {
  private readonly child: ChildProcessByStdio<null, Readable, null>;
  private readonly lines: AsyncIterableIterator<string, undefined>;
  private readonly exited: Promise<unknown>;

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.exited = once(this.child, 'exit');
    this.lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  /** The next line; empty where the program has ended. */
  async next(): Promise<string> {
    const next: IteratorResult<string, undefined> = await this.lines.next();
    return next.value ?? '';
  }

  async take(count: number): Promise<string[]> {
    const taken: string[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** All lines up to the program's end. */
  async rest(): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of this.lines) lines.push(line);
    return lines;
  }

  /** Ends the program, as a crash would: its sockets just close. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

export interface Peers {
  /** nnrp-runtime of preview4: `client PORT`, or `server`, whose first line is its port. */
  rust(...args: readonly string[]): Peer;
  /** nnrp-py with its native library: `PORT`, or `PORT TICKET`. */
  python(...args: readonly string[]): Peer;
}

/** The reference of preview4 for every test of the file or `describe` block that this is called in. */
export function peers(): Peers {
  const running: Peer[] = [];
  const started = (command: string, args: readonly string[]): Peer => {
    const peer = new Peer(command, args);
    running.push(peer);
    return peer;
  };

  afterEach(async () => {
    await Promise.all(running.splice(0).map((peer) => peer.kill()));
  });

  return {
    rust: (...args) => started(RUST, args),
    python: (...args) => started(PYTHON, [CLIENT, ...args]),
  };
}
