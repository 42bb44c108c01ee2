import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { answer } from '../bare/packets';
import { serveAt } from '../harness/program';

// The bare `ws` echo of the same bytes: one message in, one message out.
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('error', () => {
    socket.terminate();
  });
  socket.on('message', (message: Buffer) => {
    socket.send(answer(message, 0, message.length));
  });
});
server.on('listening', () => {
  serveAt((server.address() as AddressInfo).port);
});
