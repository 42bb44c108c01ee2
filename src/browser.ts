/**
 * NNRP on RxJS, as a page or a worker has it: the client, over the platform's own WebSocket. The same names as in Node;
 * those that need sockets throw.
 *
 * @packageDocumentation
 */

export * from './common';

export { createServer, ipc, tcp, tls } from './transport/browser/absent';
export { connect } from './connect-browser';
export { webSocket, type BrowserWebSocketOptions } from './transport/browser/web-socket';
