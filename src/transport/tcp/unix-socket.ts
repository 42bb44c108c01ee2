import * as net from 'node:net';
import { Observable } from 'rxjs';
import { required, text } from '../../protocol/options/rules';
import { takeOptions, type Rules } from '../../protocol/options/take-options';
import { Listener, type ConnectEndpoint, type ListenEndpoint } from '../endpoint';
import { connectError, listenError } from '../network-errors';
import { SOCKET_RULES, type SocketTransportOptions } from '../socket-options';
import type { Transport } from '../transport';
import { SocketTransport } from './tcp-transport';

/** Where to listen, or to connect to, on one machine. */
export interface UnixSocketOptions extends Partial<SocketTransportOptions> {
  /** Of the socket in the file system. Who may open it may connect: its folder's rights say who that is. */
  readonly path: string;
}

const RULES: Rules<UnixSocketOptions> = { ...SOCKET_RULES, path: required(text) };

/**
 * NNRP over a Unix domain socket, between processes of one machine. For the links of a cluster's nodes: it knows no
 * gate, so `limits.maxConnections` and the like do not count its connections before they are transports.
 *
 * @example
 * const cluster = redisCluster({ url, link: unixSocket({ path: `/run/nnrp/${process.pid}.sock` }) });
 */
export function unixSocket(given: UnixSocketOptions): ListenEndpoint & ConnectEndpoint {
  const { path, ...options } = takeOptions('unixSocket', given, RULES);
  const url = `unix:${path}`;
  return {
    kind: 'unix',
    url,
    listen: () =>
      new Listener('unix', (sink) => {
        const server = net.createServer({ pauseOnConnect: true }, (socket) => {
          sink.accept(new SocketTransport(socket, options, { peer: url }));
        });
        server.on('error', (error) => {
          sink.error(listenError(url, error));
        });
        server.listen(path, () => {
          sink.listening({ kind: 'unix', host: path, port: 0, url });
        });
        return () => server.close();
      }),
    connect: () => connectUnix(path, url, options),
  };
}

function connectUnix(
  path: string,
  url: string,
  options: Partial<SocketTransportOptions>,
): Observable<Transport> {
  return new Observable((subscriber) => {
    const socket = new net.Socket();
    const fail = (error: unknown): void => {
      subscriber.error(connectError(url, error));
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      subscriber.next(new SocketTransport(socket, options, { peer: url }));
      subscriber.complete();
    });
    socket.connect(path);
    return () => {
      if (socket.connecting) socket.destroy();
    };
  });
}
