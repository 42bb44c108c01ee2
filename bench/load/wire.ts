import * as net from 'node:net';
import { encodePacket, packet } from '../../src/wire/packet';
import { MessageType } from '../../src/wire/message-type';
import { FrameSubmitMetadata } from '../../src/wire/messages/frame-submit';
import { SessionOpenMetadata } from '../../src/wire/messages/session-open';
import { sessionOpen } from '../../src/client/options';
import { ACK_METADATA, HEADER, RESULT_METADATA } from '../answer';
import { parameters, tell } from '../child';
import { FRAMINGS } from './framing';
import { Latency } from './latency';
import type { LoadParameters } from './parameters';

const FRAME_ID = 24;
const SESSION_ID = 20;
const load = parameters<LoadParameters>();
const framing = FRAMINGS[load.framing];
const latency = new Latency();
const result = HEADER + RESULT_METADATA + load.bodyBytes;
const resultBytes = framing.responsePrefixLength(result) + result;
const ack = HEADER + ACK_METADATA;
const ackBytes = framing.responsePrefixLength(ack) + ack;
const submit = framed(
  packet(
    { messageType: MessageType.FrameSubmit },
    FrameSubmitMetadata.encode(FrameSubmitMetadata.of()),
    new Uint8Array(load.bodyBytes),
  ),
);
const submitPrefix = submit.length - (HEADER + FrameSubmitMetadata.length + load.bodyBytes);

function framed(whole: ReturnType<typeof packet>): Buffer {
  const bytes = encodePacket(whole);
  return Buffer.concat([framing.requestPrefix(bytes.length), bytes]);
}

/** One connection: counts results by their bytes, and sends a submit for each that comes. */
class Loader {
  private received = 0;
  private acksDue: number;
  private isGreeted = framing.hello === undefined;
  private frameId = 0;
  private turn = 0;
  private readonly sent: { at: number; count: number }[] = [];
  private readonly socket: net.Socket;

  constructor(private readonly index: number) {
    this.acksDue = load.sessions;
    this.socket = net.connect({ host: '127.0.0.1', port: load.port, noDelay: true }, () => {
      if (framing.hello === undefined) this.open();
      else this.socket.write(framing.hello);
    });
    this.socket.on('data', (chunk: Buffer) => {
      this.receive(chunk);
    });
    this.socket.on('error', (error) => {
      throw error;
    });
  }

  private open(): void {
    for (let turn = 0; turn < load.sessions; turn++) {
      const empty = new Uint8Array(0);
      const blocks = { resumeToken: empty, auth: empty, extension: empty };
      const open = sessionOpen({ requestedSessionId: this.sessionId(turn) }, blocks);
      const metadata = SessionOpenMetadata.encode(open);
      this.socket.write(framed(packet({ messageType: MessageType.SessionOpen }, metadata)));
    }
  }

  private sessionId(turn: number): number {
    return this.index * load.sessions + turn + 1;
  }

  private receive(chunk: Buffer): void {
    let bytes = chunk.length;
    if (!this.isGreeted) {
      const end = chunk.indexOf('\r\n\r\n');
      if (end < 0) throw new Error('the server did not greet in one piece');
      this.isGreeted = true;
      this.open();
      bytes -= end + 4;
    }
    this.received += bytes;
    if (this.acksDue > 0) {
      const acks = Math.min(this.acksDue, Math.floor(this.received / ackBytes));
      this.received -= acks * ackBytes;
      this.acksDue -= acks;
      if (this.acksDue === 0) this.send(load.window);
      return;
    }
    const results = Math.floor(this.received / resultBytes);
    if (results === 0) return;
    this.received -= results * resultBytes;
    this.settle(results);
    this.send(results);
  }

  private settle(results: number): void {
    for (let left = results; left > 0;) {
      const first = this.sent[0];
      if (first === undefined) throw new Error('more results than submits');
      const count = Math.min(left, first.count);
      latency.record(first.at, count);
      first.count -= count;
      left -= count;
      if (first.count === 0) this.sent.shift();
    }
  }

  private send(count: number): void {
    const bytes = Buffer.allocUnsafe(count * submit.length);
    for (let index = 0; index < count; index++) {
      const at = index * submit.length;
      submit.copy(bytes, at);
      if (this.turn === 0) this.frameId += 1;
      bytes.writeUInt32LE(this.sessionId(this.turn), at + submitPrefix + SESSION_ID);
      bytes.writeUInt32LE(this.frameId, at + submitPrefix + FRAME_ID);
      this.turn = (this.turn + 1) % load.sessions;
    }
    this.sent.push({ at: performance.now(), count });
    this.socket.write(bytes);
  }
}

for (let index = 0; index < load.connections; index++) new Loader(index);
setTimeout(() => {
  latency.start();
  setTimeout(() => {
    tell(latency.result());
  }, load.runMs);
}, load.warmMs);
