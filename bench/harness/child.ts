import { fork, spawn, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import type { Memory, Usage } from './program';

/** Milliseconds after which a program that says nothing has failed. */
const PATIENCE_MS = 60_000;
/** Milliseconds that a program gets to end by itself. */
const END_MS = 5_000;

/** How a program is started: a file of the bench under Node, or an executable that talks in lines of JSON. */
export type ProgramStart =
  | { readonly file: string; readonly nodeOptions?: readonly string[]; readonly parameters: object }
  | { readonly executable: string; readonly mode: string; readonly parameters: object };

/** A process of the bench. */
export class Child {
  private readonly said: unknown[] = [];
  private waiting: { resolve(message: unknown): void; reject(error: Error): void } | undefined;
  private ended: Error | undefined;
  private readonly exited: Promise<void>;

  constructor(private readonly start: ProgramStart) {
    this.process = 'file' in start ? forked(start) : spawned(start);
    if ('file' in start) {
      this.process.on('message', (message) => {
        this.hear(message);
      });
    } else {
      createInterface({ input: this.process.stdout! }).on('line', (line) => {
        this.hear(JSON.parse(line));
      });
      // That it has ended is heard of elsewhere.
      this.process.stdin!.on('error', () => undefined);
    }
    this.exited = new Promise((resolve) => {
      const end = (how: string): void => {
        this.ended = new Error(`${this.name} ended ${how}; what it said is above`);
        this.waiting?.reject(this.ended);
        resolve();
      };
      this.process.on('error', (error) => {
        end(`or cannot be talked to: ${error.message}`);
      });
      this.process.once('exit', (code, signal) => {
        end(signal === null ? `with code ${code}` : `by ${signal}`);
      });
    });
  }

  private readonly process: ChildProcess;

  get name(): string {
    return 'file' in this.start
      ? this.start.file
      : `${path.basename(this.start.executable)} ${this.start.mode}`;
  }

  /** Starts a program and returns it with what it says first; one that never says anything is ended. */
  static async started<T>(start: ProgramStart): Promise<{ readonly child: Child; readonly first: T }> {
    const child = new Child(start);
    try {
      return { child, first: await child.next<T>() };
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  /** The next message of the program, in order. */
  async next<T>(): Promise<T> {
    const message = this.said.shift();
    if (message !== undefined) return message as T;
    if (this.ended !== undefined) throw this.ended;
    let patience: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        this.waiting = { resolve, reject };
        patience = setTimeout(() => {
          reject(new Error(`${this.name} said nothing for ${PATIENCE_MS} ms`));
        }, PATIENCE_MS);
      });
    } finally {
      clearTimeout(patience);
      this.waiting = undefined;
    }
  }

  say(message: string): void {
    if ('file' in this.start) this.process.send(message);
    else this.process.stdin!.write(`${message}\n`);
  }

  /** Has it work for a while by itself; what it did. */
  run<T>(): Promise<T> {
    this.say('run');
    return this.next();
  }

  /** Asks the program to end, and sees to it. */
  async stop(): Promise<void> {
    if (this.ended !== undefined) return;
    try {
      this.say('stop');
    } catch {
      // It is ending already.
    }
    const kill = setTimeout(() => this.process.kill('SIGKILL'), END_MS);
    await this.exited;
    clearTimeout(kill);
  }

  private hear(message: unknown): void {
    const { waiting } = this;
    // At once: the next message may come before whoever waits goes on.
    this.waiting = undefined;
    if (waiting === undefined) this.said.push(message);
    else waiting.resolve(message);
  }
}

/** A server that is measured, or that others are measured against. */
export class Peer {
  private constructor(
    private readonly child: Child,
    readonly port: number,
  ) {}

  static async start(start: ProgramStart): Promise<Peer> {
    const { child, first } = await Child.started<{ readonly port: number }>(start);
    return new Peer(child, first.port);
  }

  usage(): Promise<Usage> {
    this.child.say('usage');
    return this.child.next();
  }

  /** Has it work for a while by itself; what it did. */
  run<T>(): Promise<T> {
    return this.child.run();
  }

  memory(): Promise<Memory> {
    this.child.say('memory');
    return this.child.next();
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}

function forked(start: Extract<ProgramStart, { file: string }>): ChildProcess {
  const file = path.join(__dirname, '..', `${start.file}.js`);
  return fork(file, [JSON.stringify(start.parameters)], {
    execArgv: ['--expose-gc', ...(start.nodeOptions ?? [])],
  });
}

function spawned(start: Extract<ProgramStart, { executable: string }>): ChildProcess {
  return spawn(start.executable, [start.mode, JSON.stringify(start.parameters)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
