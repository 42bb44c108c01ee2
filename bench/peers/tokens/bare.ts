import * as net from 'node:net';
import * as tls from 'node:tls';
import { encodeTokens } from '../../../src/protocol/content/token-delta';
import { partialResult } from '../../../src/protocol/operation/result';
import { resultPacket } from '../../../src/protocol/operation/result-packet';
import { encodePacket } from '../../../src/wire/encode-packet';
import {
  answer,
  BODY_LENGTH,
  FRAME_ID,
  FRAME_SUBMIT,
  HEADER,
  PacketCutter,
  RESULT_METADATA,
  SESSION_ID,
  TYPE,
} from '../../bare/packets';
import { certificate } from '../../bare/certificate';
import { parameters } from '../../harness/program';
import { Model } from './model';

export interface BareTokens {
  /** Default tcp. */
  readonly transport?: 'tls';
}

// The same bytes as nnrp-rx's for a string, from a bare socket: those of one step and one socket are joined.
const { transport } = parameters<BareTokens>();
const model = new Model();
const { body, fields } = encodeTokens(['']);
const template = Buffer.from(encodePacket(resultPacket(0, partialResult(0, body, fields))));
/** Where the region prelude and the descriptor have the length of the text (protocol section 6). */
const FRAME_BYTES = HEADER + RESULT_METADATA + 12;
const TEXT_LENGTH = HEADER + RESULT_METADATA + 32 + 20;

const dirty = new Set<Connection>();

class Connection {
  private readonly room = Buffer.allocUnsafe(64 * 1024);
  private end = 0;

  constructor(private readonly socket: net.Socket) {
    const cutter = new PacketCutter();
    const stops: (() => void)[] = [];
    socket.on('data', (chunk: Buffer) => {
      cutter.push(chunk, (bytes, at, length) => {
        if (bytes[at + TYPE] === FRAME_SUBMIT) stops.push(this.start(bytes, at));
        else socket.write(answer(bytes, at, length));
      });
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const stop of stops) stop();
    });
  }

  flush(): void {
    this.socket.write(Buffer.from(this.room.subarray(0, this.end)));
    this.end = 0;
  }

  private start(bytes: Buffer, at: number): () => void {
    const sessionId = bytes.readUInt32LE(at + SESSION_ID);
    const frameId = bytes.readUInt32LE(at + FRAME_ID);
    return model.answer((token) => {
      const { room, end } = this;
      template.copy(room, end);
      const length = room.write(token, end + template.length);
      room.writeUInt32LE(template.length - HEADER - RESULT_METADATA + length, end + BODY_LENGTH);
      room.writeUInt32LE(sessionId, end + SESSION_ID);
      room.writeUInt32LE(frameId, end + FRAME_ID);
      room.writeUInt32LE(length, end + FRAME_BYTES);
      room.writeUInt32LE(length, end + TEXT_LENGTH);
      this.end = end + template.length + length;
      dirty.add(this);
    });
  }
}

async function listen(): Promise<void> {
  const accept = (socket: net.Socket): Connection => new Connection(socket);
  const server =
    transport === 'tls'
      ? tls.createServer({ ...(await certificate()), noDelay: true }, accept)
      : net.createServer({ noDelay: true }, accept);
  server.listen(0, '127.0.0.1', 4096, () => {
    model.serve((server.address() as net.AddressInfo).port, () => {
      for (const connection of dirty) connection.flush();
      dirty.clear();
    });
  });
}

void listen();
