import { map, type Observable, type SchedulerLike } from 'rxjs';
import { describeError } from '../../protocol/runtime-error';
import { Listener, type ConnectEndpoint, type ListenEndpoint } from '../../transport/endpoint';
import { memory } from '../../transport/memory';
import type { Transport, TransportKind } from '../../transport/transport';
import { CreditLedger } from './credit-ledger';
import { FlowTransport } from './flow-transport';

/** A connection of a flow. */
export interface FlowConnection {
  /** Of who listens. */
  readonly server: FlowTransport;
  /** Of who connected. */
  readonly client: FlowTransport;
  readonly credit: CreditLedger;
}

/** Where the ends of a flow meet: an endpoint in memory whose connections can be watched and cut. */
export class FlowEndpoint implements ListenEndpoint, ConnectEndpoint {
  readonly url: string;
  /** Every connection that was made, in order. */
  readonly connections: FlowConnection[] = [];
  private readonly inner: ListenEndpoint & ConnectEndpoint;
  private accepted: { readonly transport: FlowTransport; readonly credit: CreditLedger } | undefined;

  constructor(
    private readonly scheduler: SchedulerLike,
    readonly kind: TransportKind = 'memory',
  ) {
    this.url = `${kind}:`;
    this.inner = memory({ scheduler });
  }

  /** What a server of the flow listens with. */
  listen(): Listener {
    return new Listener(this.kind, (sink) => {
      sink.listening({ kind: this.kind, host: 'flow', port: 0, url: this.url });
      return this.inner.listen().subscribe({
        next: (transport) => {
          const credit = new CreditLedger();
          this.accepted = { transport: this.wrapped(transport, credit), credit };
          sink.accept(this.accepted.transport);
        },
        error: (error: unknown) => {
          sink.error(error instanceof Error ? error : new Error(describeError(error)));
        },
      });
    });
  }

  connect(): Observable<FlowTransport> {
    return this.inner.connect().pipe(
      map((transport) => {
        // Accepted on the other side before anybody hears of it here.
        const { accepted } = this;
        if (accepted === undefined) throw new Error(`nobody has accepted a connection to ${this.url}`);
        const client = this.wrapped(transport, accepted.credit);
        const server = accepted.transport;
        client.partner = server;
        server.partner = client;
        this.connections.push({ server, client, credit: accepted.credit });
        return client;
      }),
    );
  }

  /** Cuts the newest connection, so that both ends see it fail. */
  cut(): void {
    const newest = this.connections.at(-1);
    newest?.server.cut();
    newest?.client.cut();
  }

  private wrapped(transport: Transport, credit: CreditLedger): FlowTransport {
    return new FlowTransport(transport, this.scheduler, this.kind, (packet) => {
      credit.note(packet, this.scheduler.now());
    });
  }
}
