import { onRun, onStop, parameters, tell, usage } from '../../harness/program';
import type { TokenRun } from '../../peers/tokens/model';
import type { TokensParameters } from '../parameters';

export interface TokenClient extends TokensParameters {
  /** Milliseconds of a run that do not count. */
  readonly warmMs: number;
  /** Milliseconds of a run that count. */
  readonly runMs: number;
  /** Whether answers are to outlive their connection, where the client can do that. */
  readonly reconnects: boolean;
  /** What it speaks, where it is nnrp-rx. */
  readonly revision: 'preview3' | 'preview4';
  /** Of each connection; default 1. */
  readonly sessions?: number;
  /** The port of another node of the server's cluster, by which its sessions are read once they are open. */
  readonly relay?: number;
}

/** A client whose user has the text of each token in hand. */
export class TokenReader {
  readonly asked = parameters<TokenClient>();
  private tokens = 0;
  private characters = 0;

  take(text: string): void {
    this.tokens += 1;
    this.characters += text.length;
  }

  /** All answers are under way. */
  ready(): void {
    const { warmMs, runMs } = this.asked;
    onRun(() => {
      setTimeout(() => {
        const before = { cpu: usage().cpu, tokens: this.tokens, characters: this.characters };
        setTimeout(() => {
          const run: TokenRun = { tokens: this.tokens - before.tokens, cpu: usage().cpu - before.cpu };
          const perToken = (this.characters - before.characters) / run.tokens;
          // A client that reads something else is fast. Of few, the average is any.
          if (run.tokens >= 100 && (perToken < 4 || perToken > 6))
            throw new Error(`${perToken} characters a token`);
          tell(run);
        }, runMs);
      }, warmMs);
    });
    onStop(() => process.exit());
    tell({ ready: true });
  }
}
