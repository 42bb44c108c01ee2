import { once } from 'node:events';
import { WebSocket } from 'ws';
import { TokenReader } from './reader';

const reader = new TokenReader();
const { port, connections, answers } = reader.asked;

async function read(): Promise<void> {
  for (let connection = 0; connection < connections; connection++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    await once(socket, 'open');
    socket.on('message', (message: Buffer) => {
      const { token } = JSON.parse(message.toString()) as { readonly id: number; readonly token: string };
      reader.take(token);
    });
    for (let id = 0; id < answers; id++) socket.send(JSON.stringify({ id }));
  }
  reader.ready();
}

void read();
