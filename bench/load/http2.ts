import * as net from 'node:net';
import { onStop, parameters } from '../harness/program';
import { InFlight } from './in-flight';
import { Latency } from './latency';
import type { LoadParameters } from './parameters';
import { runWhenAsked } from './phases';

// A gRPC call in HTTP/2 frames that are made once: a client of the library would be busier than the server.

const FRAME_HEADER = 9;
/** In front of a message: not compressed, and its length. */
const MESSAGE_HEADER = 5;
const DATA = 0x0;
const HEADERS = 0x1;
const RST_STREAM = 0x3;
const SETTINGS = 0x4;
const PING = 0x6;
const GOAWAY = 0x7;
const WINDOW_UPDATE = 0x8;
const ACK = 0x1;
const END_HEADERS = 0x4;
const INITIAL_WINDOW_SIZE = 0x4;
/** What may come without being asked for again: more than a run ever brings. */
const LARGEST_WINDOW = 0x7fffffff;
const INITIAL_WINDOW = 0xffff;

const load = parameters<LoadParameters>();
const latency = new Latency();
const inFlight = new InFlight();
const messageBytes = MESSAGE_HEADER + load.bodyBytes;
const message = frame(DATA, 0, 1, Buffer.concat([messageHeader(), Buffer.alloc(load.bodyBytes)]));
// The windows that the server opens are not counted: what is in flight fits the half that it always leaves.
if (load.window * messageBytes > INITIAL_WINDOW / 2)
  throw new Error('more in flight than the load can keep count of');

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

function messageHeader(): Buffer {
  const header = Buffer.alloc(MESSAGE_HEADER);
  header.writeUInt32BE(load.bodyBytes, 1);
  return header;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Names and values as HPACK has them when it neither indexes nor compresses. */
function requestHeaders(): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  return Buffer.concat([
    // :method POST and :scheme http, of the static table; then :path, :authority and content-type of its
    // names.
    Buffer.from([0x83, 0x86]),
    Buffer.from([0x04]),
    text('/bench.Echo/Echo'),
    Buffer.from([0x01]),
    text('127.0.0.1'),
    Buffer.from([0x0f, 0x10]),
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ]);
}

/** One connection with one call. */
class Loader {
  private readonly burst = Buffer.concat(Array.from({ length: load.window }, () => message));
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
      const settings = Buffer.concat([Buffer.from([0, INITIAL_WINDOW_SIZE]), u32(LARGEST_WINDOW)]);
      this.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      this.socket.write(frame(SETTINGS, 0, 0, settings));
      this.socket.write(frame(WINDOW_UPDATE, 0, 0, u32(LARGEST_WINDOW - INITIAL_WINDOW)));
      this.socket.write(frame(HEADERS, END_HEADERS, 1, requestHeaders()));
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
    this.socket.write(this.burst.subarray(0, count * message.length));
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
