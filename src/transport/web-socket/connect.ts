import type { Agent, IncomingMessage } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import { Observable } from 'rxjs';
import { WebSocket } from 'ws';
import { connectError } from '../network-errors';
import type { SocketTransportOptions } from '../socket-options';
import { identityOf } from '../tls/identity';
import type { Transport } from '../transport';
import { webSocketSettings, WebSocketTransport } from './web-socket-transport';

export interface WebSocketTarget {
  readonly url: string;
  readonly subProtocol: string | undefined;
  readonly maxHeaderBytes: number;
  readonly options: Partial<SocketTransportOptions>;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly agent: Agent | undefined;
  /** Makes the options of TLS, none without it. May throw. */
  readonly secure: () => ConnectionOptions;
}

export function connectWebSocket(target: WebSocketTarget): Observable<Transport> {
  const { url, subProtocol, maxHeaderBytes, options, headers, agent, secure } = target;
  return new Observable((subscriber) => {
    const fail = (error: unknown): void => {
      subscriber.error(connectError(url, error));
    };
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, subProtocol === undefined ? [] : [subProtocol], {
        ...secure(),
        ...webSocketSettings(options),
        maxHeaderSize: maxHeaderBytes,
        ...(headers && { headers }),
        ...(agent && { agent }),
      });
    } catch (error) {
      // A host, a port, a sub-protocol or a certificate that is none.
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
        const provenance = { identity: identityOf(stream), side: 'connected' } as const;
        subscriber.next(new WebSocketTransport(socket, stream, options, provenance));
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
