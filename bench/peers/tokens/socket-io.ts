import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { Model } from './model';

const model = new Model();
const server = http.createServer();
const io = new Server(server, { transports: ['websocket'] });
io.on('connection', (socket) => {
  socket.on('ask', (id: number) => {
    const stop = model.answer((token) => {
      socket.emit('token', id, token);
    });
    socket.on('disconnect', stop);
  });
});
server.listen(0, '127.0.0.1', 4096, () => {
  model.serve((server.address() as AddressInfo).port);
});
