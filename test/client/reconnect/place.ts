import { defer, tap, throwError } from 'rxjs';
import { memory } from '../../../src';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { connectionError } from '../../../src/transport/network-errors';
import type { Transport } from '../../../src/transport/transport';
import { createServer, type Server } from '../../../src/server/server';
import type { ServerSession } from '../../../src/server/session/session';
import type { VirtualTime } from '../../support/virtual-time';

/** A place with a server that can be down, and begin anew. */
export class Place {
  readonly endpoint: ConnectEndpoint;
  /** Sessions that were opened there. */
  opened = 0;
  private isDown = false;
  private server: Server | undefined;
  private listen = memory();
  private readonly transports: Transport[] = [];

  constructor(
    name: string,
    private readonly time: VirtualTime,
    private readonly handler: Parameters<ServerSession['respond']>[0],
  ) {
    this.endpoint = { kind: 'memory', url: `memory:${name}`, connect: () => defer(() => this.dial()) };
  }

  start(): void {
    this.listen = memory();
    this.server = createServer({ listen: this.listen, scheduler: this.time, keepAlive: { idleMs: 0 } });
    this.server.sessions$.subscribe((session) => {
      this.opened += 1;
      session.respond(this.handler);
    });
  }

  /** The connections are lost. */
  cut(): void {
    for (const transport of this.transports.splice(0)) transport.destroy();
  }

  /** Nobody can connect, and whoever was is cut. */
  down(): void {
    this.isDown = true;
    this.cut();
  }

  up(): void {
    this.isDown = false;
  }

  /** Its process dies, and another begins. */
  restart(): void {
    const { server } = this;
    this.cut();
    this.start();
    void server?.close({ graceMs: 0 });
  }

  private dial(): ReturnType<ConnectEndpoint['connect']> {
    if (this.isDown || this.server === undefined) {
      return throwError(() => connectionError(this.endpoint.url, new Error('connection refused')));
    }
    return this.listen.connect().pipe(tap((transport) => this.transports.push(transport)));
  }
}
