import type { AddressInfo } from 'node:net';
import { Observable } from 'rxjs';
import { WebSocket, WebSocketServer } from 'ws';
import { HEADER_LENGTH } from '../wire/header';
import { DEFAULT_PACKET_LIMITS } from '../wire/packet-decoder';
import { Listener, type ConnectEndpoint, type ListenEndpoint } from './endpoint';
import { connectError, listenError } from './network-errors';
import { hostAndPort } from './place';
import type { SocketTransportOptions } from './tcp-transport';
import type { Transport } from './transport';
import { WebSocketTransport } from './web-socket-transport';

export interface WebSocketOptions extends Partial<SocketTransportOptions> {
  /** 0 lets the system choose when listening. */
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default `/`: a server takes upgrades of this path only. */
  readonly path?: string;
  /**
   * The sub-protocol to agree on. Default none, because the reference's peers answer with none. A
   * server that has one refuses clients that do not ask for it.
   */
  readonly subProtocol?: string;
}

/**
 * NNRP over WebSocket: one binary message is one packet, uncompressed. What a server listens on and a
 * client connects to.
 *
 * @example
 * const server = createServer({ listen: webSocket({ port: 4480 }) });
 * const client = await connect(webSocket({ port: 4480 }));
 */
export function webSocket(options: WebSocketOptions): ListenEndpoint & ConnectEndpoint {
  const { port, host = '127.0.0.1', path = '/' } = options;
  const url = `ws://${hostAndPort(host, port)}${path}`;
  return {
    kind: 'websocket',
    url,
    listen: () => listenWebSocket(host, path, options),
    connect: () => connectWebSocket(url, options),
  };
}

/** The longest message that can be a packet: longer ones are refused before they are buffered. */
function maxPayload({ limits }: WebSocketOptions): number {
  const { maxMetadataBytes, maxBodyBytes } = { ...DEFAULT_PACKET_LIMITS, ...limits };
  return HEADER_LENGTH + maxMetadataBytes + maxBodyBytes;
}

function listenWebSocket(host: string, path: string, options: WebSocketOptions): Listener {
  const { port, subProtocol } = options;
  return new Listener('websocket', (sink) => {
    const server = new WebSocketServer({
      host,
      port,
      path,
      maxPayload: maxPayload(options),
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: (offered) =>
        subProtocol !== undefined && offered.has(subProtocol) ? subProtocol : false,
      verifyClient: ({ req }, answer) => {
        if (subProtocol === undefined || offers(req.headers['sec-websocket-protocol'], subProtocol))
          answer(true);
        else answer(false, 400, `the sub-protocol ${subProtocol} is required`);
      },
    });
    server.on('connection', (socket, request) => {
      sink.accept(new WebSocketTransport(socket, request.socket, options));
    });
    server.on('error', (error) => {
      sink.error(listenError(hostAndPort(host, port), error));
    });
    server.on('listening', () => {
      const bound = server.address() as AddressInfo;
      sink.listening({
        kind: 'websocket',
        host: bound.address,
        port: bound.port,
        url: `ws://${hostAndPort(bound.address, bound.port)}${path}`,
      });
    });
    return () => {
      server.close();
    };
  });
}

function offers(header: string | undefined, subProtocol: string): boolean {
  return (header ?? '').split(',').some((offered) => offered.trim() === subProtocol);
}

function connectWebSocket(url: string, options: WebSocketOptions): Observable<Transport> {
  return new Observable((subscriber) => {
    const protocols = options.subProtocol === undefined ? [] : [options.subProtocol];
    const socket = new WebSocket(url, protocols, {
      perMessageDeflate: false,
      maxPayload: maxPayload(options),
    });
    const onError = (error: Error): void => {
      subscriber.error(connectError(url, error));
    };
    socket.once('error', onError);
    socket.once('upgrade', ({ socket: stream }) => {
      socket.once('open', () => {
        socket.off('error', onError);
        subscriber.next(new WebSocketTransport(socket, stream, options));
        subscriber.complete();
      });
    });
    return () => {
      if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
    };
  });
}
