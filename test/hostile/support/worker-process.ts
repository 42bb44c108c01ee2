import { fork, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import type { BuiltIn, Commands, WorkerMessage } from './worker-protocol';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
}

interface Question {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

const running = new Set<{ kill(signal: NodeJS.Signals): Promise<Exit> }>();

/** Ends every process that a test has started, also where it failed: for `afterEach`. */
export async function endWorkers(): Promise<void> {
  await Promise.all([...running].map((worker) => worker.kill('SIGKILL')));
}

/** A process of a test's own: a server under attack, an attacker, somebody who stands by. */
export class WorkerProcess<C extends Commands, Ready> {
  readonly exited: Promise<Exit>;
  private readonly questions = new Map<number, Question>();
  private asked = 0;
  private over: Exit | undefined;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    readonly ready: Ready,
  ) {
    this.exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve({ code, signal, at: performance.now() });
      });
    }).then((exit) => {
      this.over = exit;
      running.delete(this);
      for (const { reject } of this.questions.values()) reject(endedEarly(name, exit));
      this.questions.clear();
      return exit;
    });
    child.on('message', (message: WorkerMessage) => {
      this.receive(message);
    });
    running.add(this);
  }

  /**
   * Starts test/hostile/workers/`name`.ts with `parameters`, and resolves once it is ready.
   *
   * @example
   * const server = await WorkerProcess.start<ServerCommands, ServerReady>('server', { handler: 'echo' });
   * const { rss } = await server.ask('memory');
   */
  static async start<C extends Commands, Ready>(
    name: string,
    parameters: object,
  ): Promise<WorkerProcess<C, Ready>> {
    const folder = process.env['HOSTILE_WORKERS'] ?? '';
    const child = fork(path.join(folder, `${name}.js`), [JSON.stringify(parameters)], {
      execArgv: ['--expose-gc', '--enable-source-maps'],
      // So that bytes and bigints arrive as what they are.
      serialization: 'advanced',
    });
    const ready = await new Promise<Ready>((resolve, reject) => {
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
        reject(endedEarly(name, { code, signal, at: performance.now() }));
      };
      child.once('exit', onExit);
      child.once('message', (message: WorkerMessage) => {
        child.off('exit', onExit);
        if (message.kind === 'ready') resolve(message.value as Ready);
        else reject(new Error(`${name} answered before it was ready`));
      });
    });
    return new WorkerProcess<C, Ready>(name, child, ready);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Asks the worker to do something, and resolves with what came of it. */
  ask<K extends keyof (C & BuiltIn) & string>(
    command: K,
    ...argument: Parameters<(C & BuiltIn)[K]>
  ): Promise<Awaited<ReturnType<(C & BuiltIn)[K]>>> {
    return new Promise((resolve, reject) => {
      if (this.over !== undefined) {
        reject(endedEarly(this.name, this.over));
        return;
      }
      this.asked += 1;
      this.questions.set(this.asked, { resolve, reject });
      this.child.send({ id: this.asked, command, argument: argument[0] });
    });
  }

  /** Sends a signal and waits for the end of the process. */
  async kill(signal: NodeJS.Signals): Promise<Exit> {
    this.child.kill(signal);
    return this.exited;
  }

  /** Sends a signal, and waits for nothing. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private receive(message: WorkerMessage): void {
    if (message.kind === 'ready') return;
    const question = this.questions.get(message.id);
    this.questions.delete(message.id);
    if (message.kind === 'answer') question?.resolve(message.value as never);
    else question?.reject(new Error(`${this.name}: ${message.message}`));
  }
}

function endedEarly(name: string, { code, signal }: Exit): Error {
  return new Error(`${name} has ended with code ${code}, signal ${signal}`);
}
