import * as net from 'node:net';
import { Observable } from 'rxjs';
import { Listener, type ConnectEndpoint, type ListenEndpoint, type ListenOptions } from '../endpoint';
import { connectError } from '../network-errors';
import { hostAndPort } from '../place';
import { connectSocket, KEEP_ALIVE } from './connect';
import { enterGateAsTransport } from './gate';
import { bind } from './listen';
import { SocketTransport, type SocketTransportOptions } from './tcp-transport';
import type { Transport } from '../transport';

export interface TcpOptions extends Partial<SocketTransportOptions> {
  /** 0 lets the system choose when listening. */
  readonly port: number;
  /** Default `127.0.0.1`: a server that is to be reached from elsewhere says so. */
  readonly host?: string;
  /** Connections that wait to be accepted. Default 511. */
  readonly backlog?: number;
}

/**
 * NNRP over TCP, without Nagle's delay: what a server listens on and a client connects to.
 *
 * @example
 * const server = createServer({ listen: tcp({ port: 4433 }) });
 * const client = await connect(tcp({ port: 4433 }));
 */
export function tcp(options: TcpOptions): ListenEndpoint & ConnectEndpoint {
  const { port, host = '127.0.0.1' } = options;
  return {
    kind: 'tcp',
    url: `tcp://${hostAndPort(host, port)}`,
    listen: (listenOptions) => listenTcp(host, options, listenOptions),
    connect: () => connectTcp(host, options),
  };
}

function listenTcp(
  host: string,
  { port, backlog, ...options }: TcpOptions,
  { gate }: ListenOptions = {},
): Listener {
  return new Listener('tcp', (sink) => {
    // Paused until someone subscribes to `packets$`, so that no byte is read before it has an owner.
    const server = net.createServer({ noDelay: true, pauseOnConnect: true, ...KEEP_ALIVE }, (socket) => {
      const entered = enterGateAsTransport(gate, socket);
      if (!socket.destroyed) sink.accept(new SocketTransport(socket, options, { entered }));
    });
    bind(server, sink, { kind: 'tcp', host, port, backlog, url: (place) => `tcp://${place}` });
    return () => server.close();
  });
}

function connectTcp(host: string, { port, ...options }: TcpOptions): Observable<Transport> {
  return new Observable((subscriber) =>
    connectSocket(host, port, {
      connected: (socket) => {
        subscriber.next(new SocketTransport(socket, options));
        subscriber.complete();
      },
      failed: (error) => {
        subscriber.error(connectError(hostAndPort(host, port), error));
      },
    }),
  );
}
