import * as net from 'node:net';
import { answer, packetLength } from '../answer';
import { serveAt } from '../child';

// The bare echo: headers parsed, nothing validated, the writes of one read joined.
const server = net.createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const answers: Buffer[] = [];
    let at = 0;
    for (let length = packetLength(bytes, at); length > 0; length = packetLength(bytes, at)) {
      answers.push(answer(bytes, at, length));
      at += length;
    }
    rest = bytes.subarray(at);
    if (answers.length > 0) socket.write(answers.length === 1 ? answers[0]! : Buffer.concat(answers));
  });
});
server.listen(0, '127.0.0.1', () => serveAt((server.address() as net.AddressInfo).port));
