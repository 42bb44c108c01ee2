import * as net from 'node:net';
import { Observable } from 'rxjs';
import { takeOptions } from '../../protocol/options/take-options';
import { Listener, type ConnectEndpoint, type ListenEndpoint, type ListenOptions } from '../endpoint';
import { connectError } from '../network-errors';
import { enterGateAsTransport } from '../tcp/gate';
import { SocketTransport } from '../tcp/tcp-transport';
import type { Transport } from '../transport';
import { bindFile } from './bind-file';
import { IPC_RULES, isPipe, type IpcOptions } from './options';

/**
 * NNRP between processes of one machine: over a Unix domain socket, or over a named pipe of Windows. Its packets are
 * TCP's.
 *
 * Who may open the file may connect: by default the user that listens, see `mode`. All that connect are one address to
 * limits, `unix:///run/nnrp.sock`, for the system does not say who they are. A file that a server has left behind which
 * is gone is taken over; one that somebody listens on is in use.
 *
 * @example
 * const server = createServer({ listen: ipc({ path: '/run/nnrp/model.sock' }) });
 * const client = await connect(ipc({ path: '/run/nnrp/model.sock' }));
 *
 * Throws a `TypeError` or a `RangeError` that names an option which is none, or cannot be what it is.
 */
export function ipc(given: IpcOptions): ListenEndpoint & ConnectEndpoint {
  const options = takeOptions('ipc', given, IPC_RULES);
  const { path } = options;
  const url = isPipe(path) ? `npipe://${path}` : `unix://${path}`;
  return {
    kind: 'ipc',
    url,
    listen: (listenOptions) => listenIpc(url, options, listenOptions),
    connect: () => connectIpc(url, options),
  };
}

function listenIpc(
  url: string,
  { path, mode, backlog, ...options }: IpcOptions,
  { gate }: ListenOptions = {},
): Listener {
  return new Listener('ipc', (sink) => {
    let accepted = 0;
    // Paused until someone subscribes to `packets$`, so that no byte is read before it has an owner.
    const server = net.createServer({ pauseOnConnect: true }, (socket) => {
      // A number in the place of a port: limits go by what is before it.
      const peer = `${url}:${(accepted += 1)}`;
      const entered = enterGateAsTransport(gate, socket, peer);
      if (!socket.destroyed)
        sink.accept(new SocketTransport(socket, options, entered ? { entered } : { peer }));
    });
    return bindFile(server, sink, { url, path, mode, backlog });
  });
}

function connectIpc(
  url: string,
  { path, mode: _, backlog: __, ...options }: IpcOptions,
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
