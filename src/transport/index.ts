export type * from './connection-gate';
export * from './endpoint';
export type { KeepAlive } from './keep-alive';
export * from './memory';
export type * from './peer-identity';
export type { PressureMarks } from './send-pressure';
export { monotonicScheduler } from './time/monotonic-scheduler';
export type { SocketTransportOptions } from './tcp/tcp-transport';
export { tcp, type TcpOptions } from './tcp/tcp';
export { tls, type TlsOptions } from './tls/tls';
export type { ClientCertificates, Pem, SecureEndpoint, TlsCertificate, TlsSettings } from './tls/credentials';
export type * from './transport';
export type * from './unfinished-packet';
export {
  webSocket,
  type SharedWebSocketOptions,
  type WebSocketOptions,
  type WebSocketSettings,
} from './web-socket/web-socket';
export type { Origins } from './web-socket/admission';
export type { WebServer } from './web-socket/shared-paths';
