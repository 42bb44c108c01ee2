import * as net from 'node:net';
import type { Socket } from 'node:net';
import * as nodeTls from 'node:tls';
import { Observable } from 'rxjs';
import { takeOptions } from '../../protocol/options/take-options';
import { Listener, type ListenOptions } from '../endpoint';
import { connectError, listenError, notAgreed } from '../network-errors';
import { hostAndPort } from '../place';
import { TrustedProxies } from '../tcp/trusted-proxies';
import { connectSocket, KEEP_ALIVE } from '../tcp/connect';
import { Handshakes } from '../tcp/handshakes';
import { bind } from '../tcp/listen';
import { SocketTransport } from '../tcp/tcp-transport';
import { SECURE_SERVER, TlsCredentials, type SecureEndpoint } from './credentials';
import { identityOf } from './identity';
import { takeCertificate, TLS_OPTION_RULES, type TlsOptions } from './options';
import type { Transport } from '../transport';

/** What both ends agree on by ALPN (protocol section 1): to any other protocol there is no connection. */
const PROTOCOL = 'nnrp/1';

/**
 * NNRP over TLS 1.2 or later on TCP: what a server listens on and a client connects to. The protocol
 * knows it as TCP, and so does `kind`. Both ends say `nnrp/1` by ALPN; see `alpn`.
 *
 * Who has shown a certificate that was verified is `transport.identity`, which a server's policy sees.
 *
 * @example
 * const endpoint = tls({ host: '0.0.0.0', port: 4433, cert, key });
 * const server = createServer({ listen: endpoint });
 * renewals$.subscribe(({ cert, key }) => endpoint.replaceCertificate({ cert, key }));
 *
 * const client = await connect(tls({ host: 'nnrp.example', port: 4433 }));
 *
 * A certificate or a key that cannot be used is an error of listening, connecting or replacing: a
 * `RuntimeError` of kind `io`. What goes wrong between the two ends is one, too. Throws a `TypeError` or a
 * `RangeError` that names an option which is none, or cannot be what it is.
 */
export function tls(given: TlsOptions): SecureEndpoint {
  const options = takeOptions('tls', given, TLS_OPTION_RULES);
  const { port, host = '127.0.0.1' } = options;
  const url = `tls://${hostAndPort(host, port)}`;
  const credentials = new TlsCredentials(options);
  const proxies = TrustedProxies.of(options.trustProxy);
  return {
    kind: 'tcp',
    url,
    listen: (listenOptions) => listenTls(host, options, { credentials, proxies }, listenOptions),
    connect: () => connectTls(host, url, options, credentials),
    replaceCertificate: (certificate) => {
      credentials.replace(takeCertificate(certificate), url);
    },
  };
}

function listenTls(
  host: string,
  { port, backlog, handshakeTimeoutMs, alpn, ...options }: TlsOptions,
  {
    credentials,
    proxies,
  }: { readonly credentials: TlsCredentials; readonly proxies: TrustedProxies | undefined },
  listenOptions: ListenOptions = {},
): Listener {
  return new Listener('tcp', (sink) => {
    const handshakes = new Handshakes(listenOptions, handshakeTimeoutMs);
    let server: nodeTls.Server;
    try {
      server = nodeTls.createServer({
        ...credentials.listening(),
        ...SECURE_SERVER,
        ALPNProtocols: [PROTOCOL],
      });
    } catch (error) {
      sink.error(listenError(hostAndPort(host, port), error));
      return undefined;
    }
    const front = proxies === undefined ? server : behindProxies(server, proxies, handshakes);
    if (front === server) {
      server.on('connection', (socket: Socket) => {
        handshakes.begin(socket, 'TLS');
      });
    }
    server.on('tlsClientError', (error, socket) => {
      handshakes.fail(socket, error);
    });
    server.on('secureConnection', (socket) => {
      // Who offers other protocols only has been refused by TLS.
      if (!isAgreed(socket, alpn)) {
        handshakes.fail(socket, notAgreed());
        return;
      }
      const origin = handshakes.finish(socket);
      if (origin === undefined) socket.destroy();
      else sink.accept(new SocketTransport(socket, options, { ...origin, identity: identityOf(socket) }));
    });
    const { exclusive } = listenOptions;
    bind(front, sink, { kind: 'tcp', host, port, backlog, exclusive, url: (place) => `tls://${place}` });
    const stale = credentials.keepFresh(server);
    return () => {
      stale();
      front.close();
      handshakes.close();
    };
  });
}

/** What listens in the place of a TLS server, and hands it connections once their header was taken. */
function behindProxies(server: nodeTls.Server, proxies: TrustedProxies, handshakes: Handshakes): net.Server {
  const settings = { noDelay: true, pauseOnConnect: true, ...KEEP_ALIVE };
  return net.createServer(settings, (socket) => {
    const secure = (): void => {
      server.emit('connection', socket);
    };
    if (proxies.has(socket.remoteAddress)) {
      handshakes.awaitHeader(socket, () => {
        handshakes.advance(socket, 'TLS');
        secure();
      });
      return;
    }
    handshakes.begin(socket, 'TLS');
    if (!socket.destroyed) secure();
  });
}

function connectTls(
  host: string,
  url: string,
  { port, alpn, ...options }: TlsOptions,
  credentials: TlsCredentials,
): Observable<Transport> {
  return new Observable((subscriber) => {
    const failed = (error: unknown): void => {
      subscriber.error(connectError(url, error));
    };
    let settings: nodeTls.ConnectionOptions;
    try {
      settings = credentials.connecting(host);
    } catch (error) {
      failed(error);
      return undefined;
    }
    let secure: nodeTls.TLSSocket | undefined;
    const giveUp = connectSocket(host, port, {
      connected: (socket) => {
        const connecting = nodeTls.connect({ ...settings, socket, ALPNProtocols: [PROTOCOL] });
        secure = connecting;
        // Also after it was given up.
        connecting.on('error', failed);
        connecting.once('secureConnect', () => {
          if (!isAgreed(connecting, alpn)) {
            failed(notAgreed());
            return;
          }
          secure = undefined;
          connecting.off('error', failed);
          subscriber.next(new SocketTransport(connecting, options, { identity: identityOf(connecting) }));
          subscriber.complete();
        });
      },
      failed,
    });
    return () => {
      giveUp();
      secure?.destroy();
    };
  });
}

/** Node's `alpnProtocol` is false where a peer has said none. */
function isAgreed({ alpnProtocol }: nodeTls.TLSSocket, alpn: TlsOptions['alpn'] = 'prefer'): boolean {
  return alpnProtocol === PROTOCOL || (alpn === 'prefer' && !alpnProtocol);
}
