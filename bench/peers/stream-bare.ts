import * as net from 'node:net';
import {
  answer,
  BODY_LENGTH,
  FRAME_ID,
  FRAME_SUBMIT,
  HEADER,
  META_LENGTH,
  PacketCutter,
  RESULT_METADATA,
  RESULT_PUSH,
  SESSION_ID,
  SUBMIT_METADATA,
  TYPE,
} from '../bare/packets';
import { Steps } from '../bare/steps';
import { parameters, serveAt } from '../harness/program';
import { partsAsked, type StreamPeer } from './stream-parameters';

// The same bytes from a bare socket: a part of each answer at every step, those of one socket joined.
const { everyMs, partBytes } = parameters<StreamPeer>();
const RESULT_CLASS = HEADER + 44;
const PARTIAL = 1;
const connections = new Set<Connection>();
const steps = new Steps(
  everyMs,
  () => everyMs > 0 || [...connections].every((connection) => !connection.isSlow),
  () => {
    for (const connection of connections) connection.flush();
  },
);

class Connection {
  private parts: Buffer[] = [];
  private readonly running = new Set<() => void>();

  constructor(private readonly socket: net.Socket) {
    const cutter = new PacketCutter();
    socket.on('data', (chunk: Buffer) => {
      cutter.push(chunk, (bytes, at, length) => {
        if (bytes[at + TYPE] === FRAME_SUBMIT) this.start(bytes, at, length);
        else socket.write(answer(bytes, at, length));
      });
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      connections.delete(this);
      for (const stop of this.running) stop();
    });
  }

  get isSlow(): boolean {
    return this.socket.writableNeedDrain;
  }

  flush(): void {
    if (this.parts.length > 0) this.socket.write(Buffer.concat(this.parts));
    this.parts = [];
  }

  private start(bytes: Buffer, at: number, length: number): void {
    let left = partsAsked(bytes.subarray(at + HEADER + SUBMIT_METADATA, at + length));
    const sessionId = bytes.readUInt32LE(at + SESSION_ID);
    const frameId = bytes.readUInt32LE(at + FRAME_ID);
    const header = Buffer.from(bytes.subarray(at, at + HEADER));
    const stop = steps.add(() => {
      left -= 1;
      const part = Buffer.alloc(HEADER + RESULT_METADATA + partBytes);
      header.copy(part);
      part[TYPE] = RESULT_PUSH;
      part.writeUInt32LE(RESULT_METADATA, META_LENGTH);
      part.writeUInt32LE(partBytes, BODY_LENGTH);
      part.writeUInt32LE(sessionId, SESSION_ID);
      part.writeUInt32LE(frameId, FRAME_ID);
      if (left > 0) part[RESULT_CLASS] = PARTIAL;
      this.parts.push(part);
      if (left > 0) return;
      stop();
      this.running.delete(stop);
    });
    this.running.add(stop);
  }
}

const server = net.createServer({ noDelay: true }, (socket) => {
  connections.add(new Connection(socket));
});
server.listen(0, '127.0.0.1', 4096, () => {
  serveAt((server.address() as net.AddressInfo).port);
});
