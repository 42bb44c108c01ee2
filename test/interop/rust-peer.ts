import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type {
  BindOptions,
  Call,
  CallOptions,
  ConnectOptions,
  EncodePacketOptions,
  RustCommandName,
  RustCommands,
  RustPacket,
} from './rust-commands';
import { RustClient, RustRawConnection, RustRawListener, RustServer } from './rust-handles';
import { fromRustJson, snakeCase, toRustJson } from './rust-json';

export type * from './rust-commands';
export type {
  RustClient,
  RustClientSession,
  RustRawConnection,
  RustRawListener,
  RustServer,
  RustServerSession,
} from './rust-handles';

export const DEFAULT_CALL_TIMEOUT_MS = 5_000;

/** What the process may take beyond a command's own time limit before it counts as hung. */
const ANSWER_GRACE_MS = 5_000;
const EXIT_GRACE_MS = 2_000;
const KEPT_STDERR_CHARACTERS = 16_384;

const EXECUTABLE = process.platform === 'win32' ? 'nnrp-interop-peer.exe' : 'nnrp-interop-peer';
const BINARY = join(__dirname, 'rust', 'target', 'release', EXECUTABLE);

/**
 * - `Io` … `Internal`: the runtime's RuntimeError; `detail` names the I/O or the protocol error.
 * - `Timeout`: the command's time ran out.
 * - `EndOfStream`, `UnexpectedBytes`, `TooLong`: of raw connections.
 * - `BadCommand`, `UnknownHandle`: the test is wrong.
 * - `NotBuilt`, `ProcessEnded`: there is no process to ask (any more).
 */
export type RustPeerErrorKind =
  | 'Io'
  | 'Protocol'
  | 'UnsupportedTransport'
  | 'FrameIdOverflow'
  | 'UnexpectedMessage'
  | 'Internal'
  | 'Timeout'
  | 'EndOfStream'
  | 'UnexpectedBytes'
  | 'TooLong'
  | 'BadCommand'
  | 'UnknownHandle'
  | 'NotBuilt'
  | 'ProcessEnded';

export class RustPeerError extends Error {
  override readonly name = 'RustPeerError';

  constructor(
    readonly kind: RustPeerErrorKind,
    message: string,
    /** Below `kind`: e.g. `UnexpectedEof` of Io, `InvalidMagic` of Protocol. */
    readonly detail?: string,
  ) {
    super(message);
  }
}

type Answer =
  | { readonly ok: unknown }
  | {
      readonly error: {
        readonly kind: RustPeerErrorKind;
        readonly message: string;
        readonly detail?: string;
      };
    };

interface PendingCall {
  readonly command: RustCommandName;
  readonly timeoutMs: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: RustPeerError) => void;
  /** The stack of the call: the one of the answer says nothing to who reads a failed test. */
  readonly caller: string;
}

/**
 * A process with the Rust NNRP runtime in it, which takes any role. It runs one command at a time: what
 * must happen at once on two Rust sides needs two of these.
 *
 * @example
 * const peer = await RustPeer.start();
 * const server = await peer.bind();
 * const [rust, session] = await Promise.all([server.accept(), openSession(server.port)]);
 * await rust.sendResult({ frameId: 1, metadata: { statusCode: 200 }, body });
 * await peer.close();
 */
export class RustPeer {
  private readonly pending: PendingCall[] = [];
  private watchdog: NodeJS.Timeout | undefined;
  private stderr = '';
  private ended: RustPeerError | undefined;
  private readonly closed: Promise<void>;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.settle(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-KEPT_STDERR_CHARACTERS);
    });
    // A write to a process that is gone: 'close' follows and says more.
    child.stdin.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.failAll(signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`);
        resolve();
      });
    });
  }

  /** Starts the binary that the global setup of the interop tests has built. */
  static async start(binary: string = BINARY): Promise<RustPeer> {
    if (!existsSync(binary)) {
      throw new RustPeerError(
        'NotBuilt',
        `${binary} does not exist: run jest with test/interop/jest.config.js, whose global setup builds it`,
      );
    }
    const child = spawn(binary, { stdio: 'pipe' });
    const peer = new RustPeer(child);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        reject(new RustPeerError('NotBuilt', `${binary} does not start: ${error.message}`));
      });
    });
    return peer;
  }

  /** Sends one command; commands wait for those before them. Rejects with a `RustPeerError`. */
  readonly call: Call = <K extends RustCommandName>(
    command: K,
    args: RustCommands[K]['arguments'],
    { timeoutMs = DEFAULT_CALL_TIMEOUT_MS }: CallOptions = {},
  ): Promise<RustCommands[K]['result']> =>
    new Promise((resolve, reject) => {
      if (this.ended !== undefined) {
        reject(this.ended);
        return;
      }
      this.pending.push({
        command,
        timeoutMs,
        resolve: (result) => {
          resolve(result as RustCommands[K]['result']);
        },
        reject,
        caller: new Error().stack?.replace(/^.*\n/, '') ?? '',
      });
      if (this.pending.length === 1) this.watch();
      const line = { command: snakeCase(command), timeout_ms: timeoutMs, ...(toRustJson(args) as object) };
      this.child.stdin.write(`${JSON.stringify(line)}\n`);
    });

  async bind(options: BindOptions = {}): Promise<RustServer> {
    const { handle, port } = await this.call('bind', options);
    return new RustServer(this.call, handle, port);
  }

  async connect(options: ConnectOptions): Promise<RustClient> {
    const { handle } = await this.call('connect', options);
    return new RustClient(this.call, handle);
  }

  async rawConnect(port: number): Promise<RustRawConnection> {
    const { handle } = await this.call('rawConnect', { port });
    return new RustRawConnection(this.call, handle);
  }

  async rawListen(): Promise<RustRawListener> {
    const { handle, port } = await this.call('rawListen', {});
    return new RustRawListener(this.call, handle, port);
  }

  /** A whole packet as nnrp-core writes it. */
  async encodePacket(packet: EncodePacketOptions): Promise<Uint8Array> {
    return (await this.call('encodePacket', packet)).bytes;
  }

  /** A whole packet as nnrp-core reads it; rejects with Protocol where the header is wrong. */
  decodePacket(bytes: Uint8Array): Promise<RustPacket> {
    return this.call('decodePacket', { bytes });
  }

  /** Ends the process, at once if a command is still running; that one rejects with ProcessEnded. */
  async close(): Promise<void> {
    this.child.stdin.end();
    if (this.pending.length > 0) this.child.kill('SIGKILL');
    const kill = setTimeout(() => this.child.kill('SIGKILL'), EXIT_GRACE_MS);
    await this.closed;
    clearTimeout(kill);
  }

  private settle(line: string): void {
    const answer = parseAnswer(line);
    if (answer === undefined || this.pending.length === 0) {
      this.stderr += `the process said what no command asked for: ${line.slice(0, 200)}\n`;
      this.child.kill('SIGKILL');
      return;
    }
    const call = this.pending.shift()!;
    clearTimeout(this.watchdog);
    this.watch();
    if ('ok' in answer) {
      call.resolve(fromRustJson(answer.ok));
    } else {
      const { kind, message, detail } = answer.error;
      const error = new RustPeerError(kind, `${call.command}: ${message}`, detail);
      error.stack = `${error.name}: ${error.message}\n${call.caller}`;
      call.reject(error);
    }
  }

  /** The Rust side keeps its own time limits; this is for a process that no longer answers at all. */
  private watch(): void {
    const [running] = this.pending;
    if (running === undefined) return;
    this.watchdog = setTimeout(() => {
      this.stderr += `${running.command} was not answered; the process was killed\n`;
      this.child.kill('SIGKILL');
    }, running.timeoutMs + ANSWER_GRACE_MS);
  }

  private failAll(how: string): void {
    clearTimeout(this.watchdog);
    const running = this.pending[0]?.command ?? 'no command';
    const said = this.stderr === '' ? '' : `: ${this.stderr.trimEnd()}`;
    this.ended = new RustPeerError(
      'ProcessEnded',
      `the Rust peer ended ${how} while running ${running}${said}`,
    );
    for (const call of this.pending.splice(0)) call.reject(this.ended);
  }
}

/** Undefined for half a line, which is what a killed process may leave. */
function parseAnswer(line: string): Answer | undefined {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return undefined;
  }
}
