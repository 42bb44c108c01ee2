import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '../..');

/** For a machine that is busy with other things. */
const PATIENCE_MS = 25_000;

type ProgramName = 'main' | 'server' | 'client';

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A demo program that runs as a process of its own. */
export class Program {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Outcome>;
  private readonly watchers = new Set<() => void>();
  private isOver = false;

  constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.tell();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.tell();
    });
    child.on('error', ({ message }) => {
      this.stderr += message;
    });
    // A program that has ended may have closed its input before all of it was written.
    child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.isOver = true;
        const { stdout, stderr } = this;
        resolve({ code, signal, stdout, stderr });
        this.tell();
      });
    });
  }

  /** Waits until what the program has written from `from` on matches; rejects where it ends before. */
  until(pattern: RegExp, { from = 0 } = {}): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        this.watchers.delete(look);
        clearTimeout(patience);
        action();
      };
      const look = (): void => {
        const match = pattern.exec(this.stdout.slice(from));
        if (match !== null) settle(() => resolve(match));
        else if (this.isOver) settle(() => reject(this.without(pattern)));
      };
      const patience = setTimeout(() => {
        settle(() => reject(this.without(pattern)));
      }, PATIENCE_MS);
      this.watchers.add(look);
      look();
    });
  }

  /** Writes to its standard input; on a pseudo-terminal, types. */
  type(text: string): void {
    this.child.stdin?.write(text);
  }

  endInput(text: string): void {
    this.child.stdin?.end(text);
  }

  /** Closes the reading end of its standard output. */
  stopReading(): void {
    this.child.stdout?.destroy();
  }

  interrupt(): void {
    this.child.kill('SIGINT');
  }

  /** Ends it, whatever it is at. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private without(pattern: RegExp): Error {
    return new Error(`no ${pattern} in what was written:\n${this.stdout}\n${this.stderr}`);
  }

  private tell(): void {
    for (const watch of [...this.watchers]) watch();
  }
}

/** The programs of one test file. */
export class Programs {
  private readonly started: Program[] = [];
  /** The programs without their types: to strip them anew for each process takes most of its time. */
  private readonly stripped = mkdtempSync(join(tmpdir(), 'nnrp-demo-'));

  constructor() {
    buildSync({
      absWorkingDir: ROOT,
      entryPoints: ['demo/**/*.ts', 'src/**/*.ts', 'operators/**/*.ts'],
      outbase: ROOT,
      outdir: this.stripped,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
    });
  }

  /** Starts a program with a pipe for its standard input, which stays open and silent. */
  start(name: ProgramName, args: readonly string[]): Program {
    return this.add(this.command(name, args));
  }

  /** Runs a program with all of its standard input, until it ends. */
  run(name: ProgramName, args: readonly string[], input = ''): Promise<Outcome> {
    const program = this.start(name, args);
    program.endInput(input);
    return program.ended;
  }

  /** Starts a program on a terminal of its own: all that it writes is on `stdout`. */
  startOnTerminal(name: ProgramName, args: readonly string[]): Program {
    const command = this.command(name, args);
    if (process.platform === 'darwin') return this.add(['script', '-q', '/dev/null', ...command]);
    const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    return this.add(['script', '--quiet', '--flush', '--return', '--command', quoted, '/dev/null']);
  }

  /** Runs a program as the README says, from the sources. */
  npmRun(script: 'demo' | 'demo:server' | 'demo:client', args: readonly string[]): Promise<Outcome> {
    const program = this.add(['npm', 'run', '--silent', script, '--', ...args]);
    program.endInput('');
    return program.ended;
  }

  /** Ends those that still run. */
  async endAll(): Promise<void> {
    await Promise.all(this.started.map((program) => program.kill()));
    rmSync(this.stripped, { recursive: true });
  }

  private command(name: ProgramName, args: readonly string[]): string[] {
    return [process.execPath, join(this.stripped, 'demo', `${name}.js`), ...args];
  }

  private add([command = '', ...args]: readonly string[]): Program {
    const env = { ...process.env, NODE_PATH: join(ROOT, 'node_modules') };
    const program = new Program(spawn(command, args, { cwd: ROOT, env }));
    this.started.push(program);
    return program;
  }
}
