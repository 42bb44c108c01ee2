import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { WebSocketServer } from 'ws';
import { Listener, type ListenerSink, type ListenOptions } from '../endpoint';
import { handshakeError, listenError } from '../network-errors';
import { hostAndPort, peerPlace } from '../place';
import { forwardedFor } from './forwarded-for';
import type { TrustedProxies } from '../tcp/trusted-proxies';
import { KEEP_ALIVE } from '../tcp/connect';
import { enterGate } from '../tcp/gate';
import { Handshakes } from '../tcp/handshakes';
import { bind } from '../tcp/listen';
import type { SocketTransportOptions } from '../socket-options';
import type { Provenance } from '../tcp/tcp-transport';
import { SECURE_SERVER, type TlsCredentials } from '../tls/credentials';
import { identityOf } from '../tls/identity';
import { refusalOf, type UpgradeRules } from './upgrade-rules';
import { sharePath, type WebServer } from './shared-paths';
import { webSocketSettings, WebSocketTransport } from './web-socket-transport';

/** Settings that both ways to listen have in common. */
export interface Serving {
  readonly rules: UpgradeRules;
  readonly options: Partial<SocketTransportOptions>;
}

/** Where and how to listen with a web server of our own. */
export interface OwnServer extends Serving {
  readonly host: string;
  readonly port: number;
  readonly maxHeaderBytes: number;
  readonly handshakeTimeoutMs: number | undefined;
  /** Undefined without TLS. */
  readonly credentials: TlsCredentials | undefined;
}

/** Listens with a web server that serves nothing else. */
export function listenWebSocket(serving: OwnServer, listenOptions: ListenOptions = {}): Listener {
  const { host, port, rules, maxHeaderBytes, handshakeTimeoutMs, credentials } = serving;
  return new Listener('websocket', (sink) => {
    const handshakes = new Handshakes(listenOptions, handshakeTimeoutMs);
    const settings = { maxHeaderSize: maxHeaderBytes };
    let server: WebServer;
    try {
      server =
        credentials === undefined
          ? http.createServer({ ...settings, noDelay: true, ...KEEP_ALIVE }, tellWhatThisIs)
          : https.createServer({ ...settings, ...SECURE_SERVER, ...credentials.listening() }, tellWhatThisIs);
    } catch (error) {
      sink.error(listenError(hostAndPort(host, port), error));
      return undefined;
    }
    server.on('connection', (socket: Socket) => {
      handshakes.begin(socket, credentials === undefined ? 'WebSocket' : 'TLS');
    });
    server.on('secureConnection', (socket: Socket) => {
      handshakes.advance(socket, 'WebSocket');
    });
    server.on('tlsClientError', (error: Error, socket: Socket) => {
      handshakes.fail(socket, error);
    });
    const upgrades = new Upgrades(serving, sink, listenOptions);
    server.on('upgrade', (request, stream, head) => {
      upgrades.take(request, stream, head, () => handshakes.finish(request.socket));
    });
    const scheme = credentials === undefined ? 'ws' : 'wss';
    bind(server, sink, {
      kind: 'websocket',
      host,
      port,
      url: (place) => `${scheme}://${place}${rules.path}`,
    });
    const stale = server instanceof TlsServer ? credentials?.keepFresh(server) : undefined;
    return () => {
      stale?.();
      server.close();
      // Those that have not become WebSockets; those that have are not the server's any more.
      handshakes.close();
    };
  });
}

/**
 * Takes the upgrades of one path of a web server that is somebody else's, who also binds and closes it,
 * and times the requests.
 */
export function shareWebServer(
  server: WebServer,
  serving: Serving,
  listenOptions: ListenOptions = {},
): Listener {
  const { path } = serving.rules;
  return new Listener('websocket', (sink) => {
    const upgrades = new Upgrades(serving, sink, listenOptions);
    const failed = (error: unknown): void => {
      sink.error(listenError(sharedPlace(error), error));
    };
    try {
      return sharePath(server, {
        path,
        upgrade: (request, stream, head) => {
          const ticket = enterGate(listenOptions.gate, request.socket);
          if (!request.socket.destroyed) upgrades.take(request, stream, head, () => ({ ticket }));
        },
        listening: () => {
          sink.listening(addressOf(server, path));
        },
        failed,
      });
    } catch (error) {
      failed(error);
      return undefined;
    }
  });
}

/** Makes WebSockets of upgrades, or refuses them as HTTP does. */
class Upgrades {
  private readonly upgrades: WebSocketServer;
  private readonly options: Partial<SocketTransportOptions>;
  private readonly proxies: TrustedProxies | undefined;

  constructor(
    { rules, options }: Serving,
    private readonly sink: ListenerSink,
    { refused }: ListenOptions,
  ) {
    this.options = options;
    this.proxies = rules.proxies;
    const { subProtocol } = rules;
    this.upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...webSocketSettings(options),
      handleProtocols: (offered) =>
        subProtocol !== undefined && offered.has(subProtocol) ? subProtocol : false,
      verifyClient: ({ req }, answer) => {
        const refusal = refusalOf(req, rules);
        if (refusal === undefined) {
          answer(true);
          return;
        }
        const { status, text } = refusal;
        const peer = peerPlace(req.socket);
        refused?.(handshakeError('WebSocket', peer, new Error(`it was answered ${status}: ${text}`)), peer);
        answer(false, status, text);
      },
    });
  }

  /** `admit` is asked once the handshake is done; undefined where the connection is gone. */
  take(
    request: http.IncomingMessage,
    stream: Duplex,
    head: Buffer,
    admit: () => Provenance | undefined,
  ): void {
    this.upgrades.handleUpgrade(request, stream, head, (socket) => {
      const origin = admit();
      if (origin === undefined) {
        socket.on('error', () => undefined).terminate();
        return;
      }
      const identity = identityOf(request.socket);
      const from = forwardedFor(request, this.proxies);
      const client = from.kind === 'client' ? { peer: from.peer } : {};
      const peer = peerPlace(request.socket);
      const provenance = { peer, ...origin, ...client, identity, side: 'accepted' } as const;
      // What was upgraded is read and written, which may be around the socket; whoever is there, the socket knows.
      this.sink.accept(new WebSocketTransport(socket, stream as Socket, this.options, provenance));
    });
  }
}

const tellWhatThisIs: http.RequestListener = (_, response) => {
  response.writeHead(426, { 'Content-Type': 'text/plain', Upgrade: 'websocket' });
  response.end('NNRP is served over WebSocket');
};

function addressOf(server: WebServer, path: string): Parameters<ListenerSink['listening']>[0] {
  const scheme = server instanceof TlsServer ? 'wss' : 'ws';
  const bound: AddressInfo | string | null = server.address();
  const { address: host, port } =
    typeof bound === 'object' && bound !== null ? bound : { address: bound ?? '', port: 0 };
  return { kind: 'websocket', host, port, url: `${scheme}://${hostAndPort(host, port)}${path}` };
}

/** Where whoever has the web server wanted it to listen, as far as the system says. */
function sharedPlace(error: unknown): string {
  const { address, port } = error as { readonly address?: unknown; readonly port?: unknown };
  const isKnown = typeof address === 'string' && typeof port === 'number';
  return `the web server that is shared${isKnown ? ` (${hostAndPort(address, port)})` : ''}`;
}
