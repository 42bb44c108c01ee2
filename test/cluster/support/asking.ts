import { lastValueFrom, reduce } from 'rxjs';
import { connect } from '../../../src/connect';
import type { ClientOptions } from '../../../src/client/options';
import type { ClientSession } from '../../../src/client/session/session';
import { RuntimeError } from '../../../src/protocol/runtime-error';
import type { SessionConnectivity } from '../../../src/protocol/session/session-connectivity';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';

/** What has come of an answer. */
export interface Seen {
  text: string;
  /** `complete`, or the error; undefined while it goes on. */
  end: unknown;
  /** When it ended, in milliseconds. */
  at: number;
}

/** A client of a node, whichever, and its one session. */
export class Asking {
  /** What became of its connection, in order. */
  readonly states: SessionConnectivity[] = [];

  private constructor(
    readonly client: Awaited<ReturnType<typeof connect>>,
    readonly session: ClientSession,
  ) {
    session.state$.subscribe((state) => this.states.push(state));
  }

  /** Times that its connection was lost. */
  get cuts(): number {
    return this.states.filter((state) => state === 'reconnecting').length;
  }

  static async open(endpoint: ConnectEndpoint, options: ClientOptions = {}): Promise<Asking> {
    const client = await comeTo(endpoint, options);
    const reconnect = { minDelayMs: 20, maxDelayMs: 300 };
    return new Asking(client, await client.openSession({ reconnect }));
  }

  /** So many parts, each so late. */
  answer(count: number, ms: number): Promise<string> {
    return this.ask(`${count} ${ms}`);
  }

  /** The whole of an answer. */
  ask(body: string): Promise<string> {
    const { text$ } = this.session.submit({ body });
    return lastValueFrom(text$.pipe(reduce((text, part) => text + part, '')));
  }

  /** What comes of an answer, as it comes. */
  watch(count: number, ms: number): Seen {
    const seen: Seen = { text: '', end: undefined, at: 0 };
    const ended = (end: unknown): void => {
      seen.end = end;
      seen.at = performance.now();
    };
    this.session.submit({ body: `${count} ${ms}` }).text$.subscribe({
      next: (text) => {
        seen.text += text;
      },
      error: ended,
      complete: () => {
        ended('complete');
      },
    });
    return seen;
  }
}

/** A first connection is nobody's promise: on a machine that has no time for it, who wants one asks again. */
async function comeTo(endpoint: ConnectEndpoint, options: ClientOptions): ReturnType<typeof connect> {
  for (let left = 20; ; left--) {
    try {
      return await connect(endpoint, options);
    } catch (error) {
      if (left === 0 || !(error instanceof RuntimeError) || error.kind !== 'io') throw error;
    }
  }
}

/** What {@link Asking.answer} is where it is whole, in order, and once. */
export function wholeAnswer(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index} `).join('');
}
