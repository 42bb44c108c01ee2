import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { Model } from './model';

// JSON of an id and a token over ws: what most write by hand.
const model = new Model();
const server = new WebSocketServer({ port: 0, backlog: 4096, perMessageDeflate: false });
server.on('connection', (socket) => {
  const stops: (() => void)[] = [];
  socket.on('message', (message: Buffer) => {
    const { id } = JSON.parse(message.toString()) as { readonly id: number };
    stops.push(
      model.answer((token) => {
        socket.send(JSON.stringify({ id, token }));
      }),
    );
  });
  socket.on('close', () => {
    for (const stop of stops) stop();
  });
  socket.on('error', () => undefined);
});
server.on('listening', () => {
  model.serve((server.address() as AddressInfo).port);
});
