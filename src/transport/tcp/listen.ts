import type { AddressInfo, Server } from 'node:net';
import type { ListenerSink } from '../endpoint';
import { listenError } from '../network-errors';
import { hostAndPort } from '../place';
import type { TransportKind } from '../transport';

/** Where to bind, and how the bound address is written. */
export interface Binding {
  readonly kind: TransportKind;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Connections that wait to be accepted. Default 511. */
  readonly backlog?: number | undefined;
  /** Whether no other worker of `node:cluster` has it. Default false. */
  readonly exclusive?: boolean | undefined;
  readonly url: (hostAndPort: string) => string;
}

/** Binds a server and tells the sink where it listens, or why it cannot, in one clear sentence. */
export function bind(server: Server, sink: ListenerSink, binding: Binding): void {
  const { kind, host, port, backlog = 511, exclusive = false, url } = binding;
  const fail = (error: unknown): void => {
    sink.error(listenError(hostAndPort(host, port), error));
  };
  server.on('error', fail);
  try {
    server.listen({ host, port, backlog, exclusive }, () => {
      const bound = server.address() as AddressInfo;
      sink.listening({
        kind,
        host: bound.address,
        port: bound.port,
        url: url(hostAndPort(bound.address, bound.port)),
      });
    });
  } catch (error) {
    // Node throws where the port is none, before it tries.
    fail(error);
  }
}
