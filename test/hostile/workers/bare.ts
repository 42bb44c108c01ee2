import { build } from 'hdr-histogram-js';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { work } from '../support/worker';

/** Of a request: four bytes that say how many follow. */
const HEAD_BYTES = 4;
const ANSWER = new Uint8Array(1);

export interface BareReady {
  readonly port: number;
}

export interface BareSendOptions {
  readonly port: number;
  readonly connections: number;
  /** Requests of a connection that are under way at a time. */
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly ms: number;
}

export interface BareMeasureOptions {
  readonly port: number;
  readonly bodyBytes: number;
  readonly ms: number;
}

export type BareCommands = {
  /** Sends requests as fast as they are answered, for so long; resolves with how many were. */
  send: (options: BareSendOptions) => Promise<number>;
  /** Sends one request after the other, a millisecond apart: milliseconds that the 99th of 100 took. */
  measure: (options: BareMeasureOptions) => Promise<number>;
};

/**
 * A server of sockets and nothing else, as what any server of this machine is held to: it reads a request, keeps
 * nothing of it, and answers it with one byte.
 */
const server = createServer({ noDelay: true }, (socket) => {
  const head = Buffer.alloc(HEAD_BYTES);
  let headBytes = 0;
  let missing = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (headBytes < HEAD_BYTES) {
        head[headBytes++] = chunk[at++]!;
        if (headBytes === HEAD_BYTES) missing = head.readUInt32LE();
      } else {
        const taken = Math.min(missing, chunk.length - at);
        at += taken;
        missing -= taken;
      }
      if (headBytes < HEAD_BYTES || missing > 0) continue;
      headBytes = 0;
      socket.write(ANSWER);
    }
  });
});

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

function request(bodyBytes: number): Uint8Array {
  const bytes = Buffer.alloc(HEAD_BYTES + bodyBytes);
  bytes.writeUInt32LE(bodyBytes);
  return bytes;
}

async function send({ port, connections, inFlight, bodyBytes, ms }: BareSendOptions): Promise<number> {
  const bytes = request(bodyBytes);
  const sockets = await Promise.all(Array.from({ length: connections }, () => connected(port)));
  let answered = 0;
  for (const socket of sockets) {
    socket.on('data', (answers) => {
      answered += answers.length;
      for (let each = 0; each < answers.length; each += 1) socket.write(bytes);
    });
    for (let each = 0; each < inFlight; each += 1) socket.write(bytes);
  }
  await setTimeout(ms);
  for (const socket of sockets) socket.destroy();
  return answered;
}

async function measure({ port, bodyBytes, ms }: BareMeasureOptions): Promise<number> {
  const histogram = build({ numberOfSignificantValueDigits: 3 });
  const bytes = request(bodyBytes);
  const socket = await connected(port);
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const sentAt = performance.now();
    socket.write(bytes);
    await once(socket, 'data');
    histogram.recordValue(Math.max(1, Math.round((performance.now() - sentAt) * 1000)));
    await setTimeout(1);
  }
  socket.destroy();
  return histogram.getValueAtPercentile(99) / 1000;
}

const commands: BareCommands = { send, measure };
server.listen(0, '127.0.0.1', () => {
  work(commands, { port: (server.address() as AddressInfo).port } satisfies BareReady);
});
