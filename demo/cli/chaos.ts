import { defer, Observable, repeat, tap, timer, type MonoTypeOperatorFunction } from 'rxjs';
import type { ConnectEndpoint } from '../../src';
import type { Transport } from '../../src/testing';
import { countOf } from './figures';

/** Milliseconds between two cuts, at least and at most. */
const BETWEEN_CUTS = { least: 150, most: 600 };

/** Connections that break in the middle of an answer, and what was said on either side of them. */
export class Chaos {
  private transport: Transport | undefined;
  private readonly sent: string[] = [];
  private readonly received: string[] = [];
  private cuts = 0;

  /** The same endpoint, with a hand on its connections. */
  overseen(endpoint: ConnectEndpoint): ConnectEndpoint {
    const { kind, url } = endpoint;
    const connect = (): Observable<Transport> =>
      endpoint.connect().pipe(tap((transport) => (this.transport = transport)));
    return { kind, url, connect };
  }

  /** Notes what the model says. */
  noteSent(): MonoTypeOperatorFunction<string> {
    return tap((token) => this.sent.push(token));
  }

  /** Notes what arrives, and cuts the connection now and then while it does. */
  cutting(): MonoTypeOperatorFunction<string> {
    return (token$) =>
      new Observable((subscriber) => {
        const { least, most } = BETWEEN_CUTS;
        const cut$ = defer(() => timer(least + Math.random() * (most - least))).pipe(
          tap(() => {
            this.cuts += 1;
            this.transport?.destroy();
          }),
          repeat(),
        );
        subscriber.add(cut$.subscribe());
        subscriber.add(token$.pipe(tap((token) => this.received.push(token))).subscribe(subscriber));
      });
  }

  /** Whether the answer arrived as it was said. */
  get isWhole(): boolean {
    const { sent, received } = this;
    return sent.length === received.length && sent.every((token, index) => token === received[index]);
  }

  /** `3 cuts: 81 tokens sent, 81 received, none lost or doubled` */
  report(): string {
    const times = this.cuts === 1 ? '1 cut' : `${this.cuts} cuts`;
    const verdict = this.isWhole ? 'none lost or doubled' : 'which are not the same';
    return `${times}: ${countOf(this.sent.length)} sent, ${this.received.length} received, ${verdict}`;
  }
}
