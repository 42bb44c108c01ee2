import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Lane } from './lane';
import type { Cut, Script } from './step';

export interface FaultProxyOptions {
  /** The port of the server, on `host`. */
  readonly port: number;
  /** Default `127.0.0.1`, for both sides. */
  readonly host?: string;
  /** What happens to a connection, by its number from 0. Default: nothing. */
  readonly script?: (connection: number) => Script;
}

/** A TCP proxy on loopback that does to connections what networks do, as a script says. */
export class FaultProxy {
  /** How many connections were cut, by their script or by hand. */
  readonly cuts: Record<Cut, number> = { fin: 0, reset: 0, silence: 0 };
  /** Connections that were ever made. */
  accepted = 0;
  private readonly pairs = new Set<Pair>();

  private constructor(
    private readonly server: Server,
    private readonly options: FaultProxyOptions,
  ) {
    server.on('connection', (socket) => {
      this.accept(socket);
    });
  }

  static listen(options: FaultProxyOptions): Promise<FaultProxy> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
      server.once('error', reject);
      server.listen(0, options.host ?? '127.0.0.1', () => {
        resolve(new FaultProxy(server, options));
      });
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that there are now, silenced ones among them. */
  get connections(): number {
    return this.pairs.size;
  }

  get totalCuts(): number {
    return this.cuts.fin + this.cuts.reset + this.cuts.silence;
  }

  /** Cuts every connection that there is now. */
  cut(how: Cut): void {
    for (const pair of [...this.pairs]) pair.cut(how);
  }

  /** Ends everything, silenced connections too. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    for (const pair of [...this.pairs]) pair.destroy();
    await closed;
  }

  private accept(client: Socket): void {
    const { script, port, host = '127.0.0.1' } = this.options;
    const number = this.accepted;
    this.accepted += 1;
    const pair = new Pair(client, connect({ port, host, allowHalfOpen: true, noDelay: true }), {
      script: script?.(number) ?? { toServer: [], toClient: [] },
      cut: (how) => {
        this.cuts[how] += 1;
      },
      gone: () => {
        this.pairs.delete(pair);
      },
    });
    this.pairs.add(pair);
  }
}

interface PairHost {
  readonly script: Script;
  cut(how: Cut): void;
  gone(): void;
}

/** The two halves of a proxied connection. */
class Pair {
  private readonly lanes: Lane[] = [];
  private how: Cut | undefined;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly host: PairHost,
  ) {
    this.watch(client, server);
    this.watch(server, client);
    const cut = (how: Cut): void => {
      this.cut(how);
    };
    server.once('connect', () => {
      if (this.how !== undefined || client.destroyed) return;
      const { toServer, toClient } = host.script;
      this.lanes.push(new Lane(client, server, toServer, cut), new Lane(server, client, toClient, cut));
    });
  }

  cut(how: Cut): void {
    if (this.how !== undefined) return;
    this.how = how;
    this.host.cut(how);
    for (const lane of this.lanes) lane.stop();
    for (const socket of [this.client, this.server]) {
      if (how === 'reset') socket.resetAndDestroy();
      // Reads on until the other end has ended, too: what is left unread would make a reset of it.
      else if (how === 'fin') socket.end();
      socket.resume();
    }
  }

  destroy(): void {
    this.how ??= 'reset';
    for (const lane of this.lanes) lane.stop();
    this.client.destroy();
    this.server.destroy();
  }

  private watch(socket: Socket, other: Socket): void {
    let failed = false;
    socket.on('error', () => (failed = true));
    socket.on('close', () => {
      // What has come from it still goes on, unless it failed; what would go to it does not.
      for (const lane of this.lanes) if (failed || lane.target === socket) lane.stop();
      if (this.how === undefined && (failed || this.lanes.length === 0)) other.resetAndDestroy();
      if (this.client.destroyed && this.server.destroyed) this.host.gone();
    });
  }
}
