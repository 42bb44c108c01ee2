import * as net from 'node:net';
import { onStop, parameters } from '../harness/program';
import { InFlight } from './in-flight';
import { Latency } from './latency';
import {
  ACK,
  call,
  DATA,
  frame,
  FRAME_HEADER,
  GOAWAY,
  INITIAL_WINDOW,
  message,
  MESSAGE_HEADER,
  PING,
  preface,
  RST_STREAM,
  SETTINGS,
  u32,
} from './http2-frames';
import type { LoadParameters } from './parameters';
import { runWhenAsked } from './phases';

// A gRPC call in HTTP/2 frames that are made once: a client of the library would be busier than the server.

const load = parameters<LoadParameters>();
const latency = new Latency();
const inFlight = new InFlight();
const messageBytes = MESSAGE_HEADER + load.bodyBytes;
const request = message(1, 0, load.bodyBytes);
// The windows that the server opens are not counted: what is in flight fits the half that it always leaves.
if (load.window * messageBytes > INITIAL_WINDOW / 2)
  throw new Error('more in flight than the load can keep count of');

/** One connection with one call. */
class Loader {
  private readonly burst = Buffer.concat(Array.from({ length: load.window }, () => request));
  private readonly header = Buffer.alloc(FRAME_HEADER);
  private headerFill = 0;
  /** Payload of the frame that is being read. */
  private payloadLeft = 0;
  private type = DATA;
  private readonly payload: Buffer[] = [];
  /** Bytes of results that are not whole yet. */
  private received = 0;
  private readonly sent: { at: number; count: number }[] = [];
  private readonly socket: net.Socket;

  constructor() {
    this.socket = net.connect({ host: '127.0.0.1', port: load.port, noDelay: true }, () => {
      this.socket.write(Buffer.concat([preface(), call(1, '/bench.Echo/Echo')]));
      called();
    });
    this.socket.on('data', (chunk: Buffer) => {
      this.receive(chunk);
    });
    this.socket.on('error', (error) => {
      if (!isStopping) throw error;
    });
  }

  stop(): void {
    this.socket.end(frame(GOAWAY, 0, 0, Buffer.concat([u32(0), u32(0)])));
  }

  send(count: number): void {
    if (!inFlight.mayFollow) return;
    inFlight.sent(count);
    this.sent.push({ at: performance.now(), count });
    this.socket.write(this.burst.subarray(0, count * request.length));
  }

  private receive(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.payloadLeft === 0) {
        const taken = chunk.copy(this.header, this.headerFill, at, at + FRAME_HEADER - this.headerFill);
        this.headerFill += taken;
        at += taken;
        if (this.headerFill < FRAME_HEADER) break;
        this.headerFill = 0;
        this.payloadLeft = this.header.readUIntBE(0, 3);
        this.type = this.header[3]!;
        if (this.payloadLeft === 0) this.endFrame();
        continue;
      }
      const taken = Math.min(this.payloadLeft, chunk.length - at);
      if (this.type === DATA) this.received += taken;
      else this.payload.push(chunk.subarray(at, at + taken));
      at += taken;
      this.payloadLeft -= taken;
      if (this.payloadLeft === 0) this.endFrame();
    }
    const results = Math.floor(this.received / messageBytes);
    if (results === 0) return;
    this.received -= results * messageBytes;
    this.settle(results);
    this.send(results);
  }

  private endFrame(): void {
    const payload = Buffer.concat(this.payload.splice(0));
    const isAck = (this.header[4]! & ACK) !== 0;
    if (this.type === SETTINGS && !isAck) this.socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
    if (this.type === PING && !isAck) this.socket.write(frame(PING, ACK, 0, payload));
    if ((this.type === RST_STREAM || this.type === GOAWAY) && !isStopping) {
      throw new Error(`the server has ended the call: frame ${this.type}, ${payload.toString('hex')}`);
    }
  }

  private settle(results: number): void {
    const now = performance.now();
    for (let left = results; left > 0;) {
      const first = this.sent[0];
      if (first === undefined) throw new Error('more results than messages');
      const count = Math.min(left, first.count);
      latency.record(now - first.at, count);
      first.count -= count;
      left -= count;
      if (first.count === 0) this.sent.shift();
    }
    inFlight.answered(results);
  }
}

let callsLeft = load.connections;
let isStopping = false;
const loaders = Array.from({ length: load.connections }, () => new Loader());

function called(): void {
  callsLeft -= 1;
  if (callsLeft > 0) return;
  const fill = (): void => {
    for (const loader of loaders) loader.send(load.window);
  };
  runWhenAsked(fill, inFlight, latency, load);
}

onStop(() => {
  isStopping = true;
  for (const loader of loaders) loader.stop();
  // Nothing that is measured waits for how the calls end.
  setTimeout(() => process.exit(), 20);
});
