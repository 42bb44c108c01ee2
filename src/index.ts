/**
 * NNRP, the Neural Network Runtime Protocol, on RxJS.
 *
 * The server and the client, the transports, and what a program that uses them meets. The wire itself
 * is in `nnrp-rx/wire`, operators of your own pipelines are in `nnrp-rx/operators`, and tools for tests
 * and for transports of your own in `nnrp-rx/testing`.
 *
 * @packageDocumentation
 */

export * from './common';

export { createServer } from './server/server';
export { connect } from './connect';
export { tcp } from './transport/tcp/tcp';
export { tls } from './transport/tls/tls';
export { ipc } from './transport/ipc/ipc';
export type { IpcOptions } from './transport/ipc/options';
export { webSocket } from './transport/web-socket/web-socket';

// Of sockets, whose types are Node's in part.
export type { TcpOptions } from './transport/tcp/options';
export type { TlsOptions } from './transport/tls/options';
export type { SecureEndpoint, TlsCertificate, TlsSettings } from './transport/tls/credentials';
export type {
  SharedWebSocketOptions,
  WebSocketOptions,
  WebSocketSettings,
} from './transport/web-socket/options';
export type { Origins } from './transport/web-socket/upgrade-rules';
export type { WebServer } from './transport/web-socket/shared-paths';
