import { BehaviorSubject, defer, map, tap, throwError } from 'rxjs';
import type { ConnectEndpoint } from '../../../src';
import { capture, type CapturedEvent, type CapturedTransport } from '../../../src/testing';

/** Of each connection; a page that is left open for a day has a bound, too. */
const MAX_EVENTS = 1_000_000;

/** The page's way to its server: it can be watched, and cut. */
export class Network {
  readonly isCut$ = new BehaviorSubject(false);
  readonly endpoint: ConnectEndpoint;
  /** The connection that there is now, and the one before it. */
  private connections: readonly { readonly since: number; readonly transport: CapturedTransport }[] = [];

  constructor(direct: ConnectEndpoint) {
    const connection$ = defer(() =>
      this.isCut$.value ? throwError(() => new Error('the network is cut')) : direct.connect(),
    ).pipe(
      map((transport) => capture(transport, { maxEvents: MAX_EVENTS })),
      tap((transport) => {
        this.connections = [...this.connections.slice(-1), { since: performance.now(), transport }];
      }),
    );
    this.endpoint = { kind: direct.kind, url: direct.url, connect: () => connection$ };
  }

  /** Cuts what there is, and lets nothing new through, until `restore`. */
  cut(): void {
    this.isCut$.next(true);
    this.connections.at(-1)?.transport.destroy();
  }

  restore(): void {
    this.isCut$.next(false);
  }

  /** What went over it since an instant of the page's clock, by which its times are. */
  eventsSince(instant: number): readonly CapturedEvent[] {
    return this.connections.flatMap(({ since, transport: { events } }) => {
      let first = events.length;
      while (first > 0 && events[first - 1]!.at + since >= instant) first -= 1;
      return events.slice(first).map((event) => ({ ...event, at: event.at + since }));
    });
  }
}
