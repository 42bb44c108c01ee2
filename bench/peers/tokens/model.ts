import { parameters, serveAt, tell, usage } from '../../harness/program';

export interface TokenPeer {
  /** Answers that are to be under way before anything is measured. */
  readonly answers: number;
  /** Milliseconds of a run that do not count. */
  readonly warmMs: number;
  /** Milliseconds of a run that count. */
  readonly runMs: number;
  /** Tokens that each answer has at a step. Default 1. */
  readonly perStep?: number;
  /** Milliseconds between two steps of a run. Default: 1. */
  readonly stepMs?: number;
  /** Milliseconds of a step; it then steps all the time, and an answer has its first token at once. */
  readonly paceMs?: number;
}

/** What a server did in a run. */
export interface TokenRun {
  readonly tokens: number;
  /** CPU microseconds. */
  readonly cpu: number;
}

/** Milliseconds between two steps: the loads read meanwhile, so that nothing piles up. */
const STEP_MS = 1;

/** Pieces of English as tokenizers cut it, 5 bytes on average. */
const TOKENS =
  'Call| me| Ish|mael|.| Some| years| ago|,| never| mind| how| long| precisely|,| having| little| or| no| money'.split(
    '|',
  );

const utf8 = new TextEncoder();
const BYTES = TOKENS.map((token) => utf8.encode(token));

/**
 * What a language model that batches continuously is to a server: at each step, the next token of every
 * answer that is under way. An answer is endless; it is unsubscribed.
 */
export class Model {
  private readonly answers = new Set<(token: string, bytes: Uint8Array) => void>();
  private readonly asked = parameters<TokenPeer>();
  private tokens = 0;
  private stepped: () => void = () => undefined;

  /** Calls back with each token of an answer, as text and as bytes. Returns what ends it. */
  answer(emit: (token: string, bytes: Uint8Array) => void): () => void {
    this.answers.add(emit);
    if (this.asked.paceMs !== undefined) {
      setImmediate(() => {
        if (this.answers.has(emit)) this.emit([emit]);
      });
    }
    return () => {
      this.answers.delete(emit);
    };
  }

  /** Says where the server listens, and steps when it is asked to run. `stepped` follows each step. */
  serve(port: number, stepped: () => void = () => undefined): void {
    this.stepped = stepped;
    const { paceMs } = this.asked;
    if (paceMs !== undefined) {
      setInterval(() => {
        this.emit(this.answers);
      }, paceMs);
    }
    process.on('message', (message) => {
      if (message === 'run') this.run();
    });
    serveAt(port);
  }

  /** What each has at a step. */
  private emit(answers: Iterable<(token: string, bytes: Uint8Array) => void>): void {
    const { perStep = 1 } = this.asked;
    for (const emit of answers) {
      for (let left = perStep; left > 0; left--) {
        this.tokens += 1;
        const index = this.tokens % TOKENS.length;
        emit(TOKENS[index]!, BYTES[index]!);
      }
    }
    this.stepped();
  }

  private run(): void {
    const { answers, warmMs, runMs, stepMs = STEP_MS } = this.asked;
    let isOver = false;
    const step = (): void => {
      if (isOver) return;
      this.emit(this.answers);
      setTimeout(step, stepMs);
    };
    const start = (): void => {
      // The last of them may still be on its way.
      if (this.answers.size < answers) {
        setTimeout(start, 5);
        return;
      }
      step();
      setTimeout(() => {
        const before = { cpu: usage().cpu, tokens: this.tokens };
        setTimeout(() => {
          isOver = true;
          const run: TokenRun = { tokens: this.tokens - before.tokens, cpu: usage().cpu - before.cpu };
          tell(run);
        }, runMs);
      }, warmMs);
    };
    start();
  }
}
