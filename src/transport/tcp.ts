import * as net from 'node:net';
import { Observable } from 'rxjs';
import { Listener, type ConnectEndpoint, type ListenEndpoint } from './endpoint';
import { connectError, listenError } from './network-errors';
import { hostAndPort } from './place';
import { SocketTransport, type SocketTransportOptions } from './tcp-transport';
import type { Transport } from './transport';

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
    listen: () => listenTcp(host, options),
    connect: () => connectTcp(host, options),
  };
}

function listenTcp(host: string, { port, backlog = 511, ...options }: TcpOptions): Listener {
  return new Listener('tcp', (sink) => {
    // Paused until someone subscribes to `packets$`, so that no byte is read before it has an owner.
    const server = net.createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
      sink.accept(new SocketTransport(socket, options));
    });
    server.on('error', (error) => {
      sink.error(listenError(hostAndPort(host, port), error));
    });
    server.listen({ host, port, backlog }, () => {
      const bound = server.address() as net.AddressInfo;
      sink.listening({
        kind: 'tcp',
        host: bound.address,
        port: bound.port,
        url: `tcp://${hostAndPort(bound.address, bound.port)}`,
      });
    });
    return () => server.close();
  });
}

function connectTcp(host: string, { port, ...options }: TcpOptions): Observable<Transport> {
  return new Observable((subscriber) => {
    const socket = net.connect({ host, port, noDelay: true });
    const onError = (error: Error): void => {
      subscriber.error(connectError(hostAndPort(host, port), error));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      subscriber.next(new SocketTransport(socket, options));
      subscriber.complete();
    });
    return () => {
      if (socket.connecting) socket.destroy();
    };
  });
}
