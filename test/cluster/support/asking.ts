import { firstValueFrom, lastValueFrom, reduce } from 'rxjs';
import { connect } from '../../../src/connect';
import type { ClientOptions } from '../../../src/client/options';
import type { ClientSession } from '../../../src/client/session/session';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';

/** A client of a node, whichever, and its one session. */
export class Asking {
  private constructor(
    readonly client: Awaited<ReturnType<typeof connect>>,
    readonly session: ClientSession,
  ) {}

  static async open(endpoint: ConnectEndpoint, options: ClientOptions = {}): Promise<Asking> {
    const client = await connect(endpoint, options);
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

  first(count: number, ms: number): Promise<string> {
    return firstValueFrom(this.session.submit({ body: `${count} ${ms}` }).text$);
  }
}

/** What {@link Asking.answer} is where it is whole, in order, and once. */
export function wholeAnswer(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index} `).join('');
}
