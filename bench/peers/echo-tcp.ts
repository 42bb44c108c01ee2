import * as net from 'node:net';
import { answer, BODY_LENGTH, FRAME_ID, FRAME_SUBMIT, PacketCutter, resultHead, TYPE } from '../bare/packets';
import { parameters, serveAt } from '../harness/program';

export interface EchoPeer {
  /** Whether submits are kept, each with its body, instead of being answered. Default false. */
  readonly holds?: boolean;
}

/** Bytes; larger bodies are written from where they are, for copying them costs more than a write. */
const COPY_LIMIT = 16 * 1024;

// The bare echo: headers parsed, nothing validated, the writes of one read joined.
const { holds = false } = parameters<EchoPeer>();
const server = net.createServer({ noDelay: true }, (socket) => {
  const cutter = new PacketCutter();
  const held = new Map<number, Buffer>();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    let answers: Buffer[] = [];
    const flush = (): void => {
      if (answers.length > 0) socket.write(answers.length === 1 ? answers[0]! : Buffer.concat(answers));
      answers = [];
    };
    cutter.push(chunk, (bytes, at, length) => {
      const bodyBytes = bytes.readUInt32LE(at + BODY_LENGTH);
      if (holds && bytes[at + TYPE] === FRAME_SUBMIT) {
        held.set(bytes.readUInt32LE(at + FRAME_ID), bytes.subarray(at + length - bodyBytes, at + length));
      } else if (bodyBytes > COPY_LIMIT) {
        answers.push(resultHead(bytes, at));
        socket.cork();
        flush();
        socket.write(bytes.subarray(at + length - bodyBytes, at + length));
        socket.uncork();
      } else {
        answers.push(answer(bytes, at, length));
      }
    });
    flush();
  });
});
server.listen(0, '127.0.0.1', 4096, () => serveAt((server.address() as net.AddressInfo).port));
