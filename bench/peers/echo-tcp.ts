import * as net from 'node:net';
import { answer, BODY_LENGTH, FRAME_ID, FRAME_SUBMIT, PacketCutter, TYPE } from '../bare/packets';
import { parameters, serveAt } from '../harness/program';

export interface EchoPeer {
  /** Whether submits are kept, each with its body, instead of being answered. Default false. */
  readonly holds?: boolean;
}

// The bare echo: headers parsed, nothing validated, the writes of one read joined.
const { holds = false } = parameters<EchoPeer>();
const server = net.createServer({ noDelay: true }, (socket) => {
  const cutter = new PacketCutter();
  const held = new Map<number, Buffer>();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const answers: Buffer[] = [];
    cutter.push(chunk, (bytes, at, length) => {
      if (holds && bytes[at + TYPE] === FRAME_SUBMIT) {
        const body = bytes.subarray(at + length - bytes.readUInt32LE(at + BODY_LENGTH), at + length);
        held.set(bytes.readUInt32LE(at + FRAME_ID), body);
      } else {
        answers.push(answer(bytes, at, length));
      }
    });
    if (answers.length > 0) socket.write(answers.length === 1 ? answers[0]! : Buffer.concat(answers));
  });
});
server.listen(0, '127.0.0.1', 4096, () => serveAt((server.address() as net.AddressInfo).port));
