import { createServer, type IncomingMessage } from 'node:http';
import { Observable } from 'rxjs';
import { WebSocket, WebSocketServer } from 'ws';
import { Listener, type ConnectEndpoint, type ListenEndpoint } from './endpoint';
import { connectError } from './network-errors';
import { hostAndPort } from './place';
import { bind } from './tcp-listen';
import type { SocketTransportOptions } from './tcp-transport';
import type { Transport } from './transport';
import { webSocketSettings, WebSocketTransport } from './web-socket-transport';

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
  const { port, host = '127.0.0.1' } = options;
  const path = pathOf(options.path ?? '/');
  const url = `ws://${hostAndPort(host, port)}${path}`;
  return {
    kind: 'websocket',
    url,
    listen: () => listenWebSocket(host, path, options),
    connect: () => connectWebSocket(url, options),
  };
}

function listenWebSocket(host: string, path: string, options: WebSocketOptions): Listener {
  const { port, subProtocol } = options;
  return new Listener('websocket', (sink) => {
    const upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...webSocketSettings(options),
      handleProtocols: (offered) =>
        subProtocol !== undefined && offered.has(subProtocol) ? subProtocol : false,
      verifyClient: ({ req }, answer) => {
        if (withoutQuery(pathOf(req.url ?? '')) !== withoutQuery(path)) {
          answer(false, 404, `NNRP is served at ${path}`);
        } else if (subProtocol === undefined || offers(req.headers['sec-websocket-protocol'], subProtocol)) {
          answer(true);
        } else {
          answer(false, 400, `the sub-protocol ${subProtocol} is required`);
        }
      },
    });
    const server = createServer((_, response) => {
      response.writeHead(426, { 'Content-Type': 'text/plain', Upgrade: 'websocket' });
      response.end('NNRP is served over WebSocket');
    });
    server.on('upgrade', (request, stream, head) => {
      upgrades.handleUpgrade(request, stream, head, (socket) => {
        sink.accept(new WebSocketTransport(socket, request.socket, options));
      });
    });
    bind(server, sink, { kind: 'websocket', host, port, url: (place) => `ws://${place}${path}` });
    return () => {
      server.close();
      // Those that have not become WebSockets; those that have are not the server's any more.
      server.closeAllConnections();
    };
  });
}

/** As a client asks for it: from the root, and escaped. */
function pathOf(text: string): string {
  const path = text.startsWith('/') ? text : `/${text}`;
  const url = `ws://host${path}`;
  if (!URL.canParse(url)) return path;
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function withoutQuery(path: string): string {
  return path.replace(/[?].*/s, '');
}

function offers(header: string | undefined, subProtocol: string): boolean {
  return (header ?? '').split(',').some((offered) => offered.trim() === subProtocol);
}

function connectWebSocket(url: string, options: WebSocketOptions): Observable<Transport> {
  return new Observable((subscriber) => {
    const fail = (error: unknown): void => {
      subscriber.error(connectError(url, error));
    };
    const protocols = options.subProtocol === undefined ? [] : [options.subProtocol];
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, protocols, webSocketSettings(options));
    } catch (error) {
      // A host, a port or a sub-protocol that is none.
      fail(error);
      return undefined;
    }
    // Also an attempt that is given up ends with an 'error'.
    socket.on('error', fail);
    socket.once('unexpected-response', (_, response) => {
      readRefusal(response, fail);
    });
    socket.once('upgrade', ({ socket: stream }) => {
      socket.once('open', () => {
        socket.off('error', fail);
        subscriber.next(new WebSocketTransport(socket, stream, options));
        subscriber.complete();
      });
    });
    return () => {
      if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
    };
  });
}

/** Tells what a server says instead of agreeing to a WebSocket: at least its status. */
function readRefusal(response: IncomingMessage, fail: (error: Error) => void): void {
  const { statusCode = 0, statusMessage = '' } = response;
  const answer = `the server answered ${statusCode} ${statusMessage}`;
  response
    .setEncoding('utf8')
    .once('data', (text: string) => {
      // It is a stranger's: one line, and not all of a page.
      fail(new Error(`${answer}: ${text.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, 200)}`));
    })
    .once('close', () => {
      fail(new Error(answer));
    });
}
