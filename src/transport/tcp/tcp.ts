import * as net from 'node:net';
import { Observable } from 'rxjs';
import { takeOptions } from '../../protocol/options/take-options';
import { Listener, type ConnectEndpoint, type ListenEndpoint, type ListenOptions } from '../endpoint';
import { connectError } from '../network-errors';
import { hostAndPort } from '../place';
import { TrustedProxies } from './trusted-proxies';
import { connectSocket, KEEP_ALIVE } from './connect';
import { enterGateAsTransport } from './gate';
import { Handshakes } from './handshakes';
import { TCP_RULES, type TcpOptions } from './options';
import { bind } from './listen';
import { SocketTransport } from './tcp-transport';
import type { Transport } from '../transport';

/**
 * NNRP over TCP, without Nagle's delay: what a server listens on and a client connects to.
 *
 * @example
 * const server = createServer({ listen: tcp({ port: 4433 }) });
 * const client = await connect(tcp({ port: 4433 }));
 *
 * Throws a `TypeError` or a `RangeError` that names an option which is none, or cannot be what it is.
 */
export function tcp(given: TcpOptions): ListenEndpoint & ConnectEndpoint {
  const options = takeOptions('tcp', given, TCP_RULES);
  const { port, host = '127.0.0.1' } = options;
  const proxies = TrustedProxies.of(options.trustProxy);
  return {
    kind: 'tcp',
    url: `tcp://${hostAndPort(host, port)}`,
    listen: (listenOptions) => listenTcp(host, options, proxies, listenOptions),
    connect: () => connectTcp(host, options),
  };
}

function listenTcp(
  host: string,
  { port, backlog, ...options }: TcpOptions,
  proxies: TrustedProxies | undefined,
  listenOptions: ListenOptions = {},
): Listener {
  return new Listener('tcp', (sink) => {
    const handshakes = new Handshakes(listenOptions);
    // Paused until someone subscribes to `packets$`, so that no byte is read before it has an owner.
    const server = net.createServer({ noDelay: true, pauseOnConnect: true, ...KEEP_ALIVE }, (socket) => {
      if (proxies?.has(socket.remoteAddress) === true) {
        handshakes.awaitHeader(socket, () => {
          const origin = handshakes.finish(socket);
          if (origin !== undefined) sink.accept(new SocketTransport(socket, options, origin));
        });
        return;
      }
      const entered = enterGateAsTransport(listenOptions.gate, socket);
      if (!socket.destroyed) sink.accept(new SocketTransport(socket, options, { entered }));
    });
    const { exclusive } = listenOptions;
    bind(server, sink, { kind: 'tcp', host, port, backlog, exclusive, url: (place) => `tcp://${place}` });
    return () => {
      server.close();
      handshakes.close();
    };
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
