export type * from './connection-gate';
export * from './endpoint';
export * from './memory';
export type * from './peer-identity';
export type { PressureMarks } from './send-pressure';
export type { SocketTransportOptions } from './tcp-transport';
export { tcp, type TcpOptions } from './tcp';
export type * from './transport';
export { webSocket, type WebSocketOptions } from './web-socket';
