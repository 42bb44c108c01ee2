import * as net from 'node:net';
import { HEADER, OPEN_ACK_METADATA, RESULT_METADATA, RESULT_PUSH, SESSION_ID, TYPE } from '../bare/packets';
import { onRun, onStop, parameters, tell } from '../harness/program';
import { FRAMINGS } from './framing';
import { InFlight } from './in-flight';
import { Latency } from './latency';
import { greeting, openPacket, submitPacket, writeFrame } from './packets';
import type { LoadParameters } from './parameters';
import { runWhenAsked } from './phases';

const load = parameters<LoadParameters>();
const framing = FRAMINGS[load.framing];
const latency = new Latency();
const inFlight = new InFlight();
const result = HEADER + RESULT_METADATA + load.bodyBytes;
const resultPrefix = framing.responsePrefixLength(result);
const resultBytes = resultPrefix + result;
const ack = HEADER + OPEN_ACK_METADATA;
const ackBytes = framing.responsePrefixLength(ack) + ack;
const plainSubmit = submitPacket(load.bodyBytes, load.revision);
const submit = framed(plainSubmit);
const submitPrefix = submit.length - plainSubmit.length;
const greeted = greeting(load.revision);
const helloAckBytes =
  greeted === undefined ? 0 : framing.responsePrefixLength(greeted.ackBytes) + greeted.ackBytes;

function framed(bytes: Uint8Array): Buffer {
  return Buffer.concat([framing.requestPrefix(bytes.length), bytes]);
}

/**
 * One connection: counts results by their bytes, and sends a submit for each that comes. The submits are
 * made once: one for each place of the window, which is free when the result of its last one is here.
 */
class Loader {
  private readonly ring = Buffer.concat(Array.from({ length: load.window }, () => submit));
  private place = 0;
  private received = 0;
  private acksDue = load.sessions;
  /** Bytes of the answer to a hello, which comes before all acks. */
  private helloDue = helloAckBytes;
  private isGreeted = framing.hello === undefined;
  private frameId = 0;
  private turn = 0;
  private readonly sent: { at: number; count: number }[] = [];
  private readonly socket: net.Socket;

  constructor(private readonly index: number) {
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
    this.socket.on('close', () => {
      connectionsLeft -= 1;
      if (!isStopping) throw new Error('the server has ended the connection');
      if (connectionsLeft === 0) process.exit();
    });
  }

  stop(): void {
    if (framing.goodbye === undefined) this.socket.end();
    else this.socket.end(framing.goodbye);
  }

  send(wanted: number): void {
    const count = Math.min(wanted, operationsLeft);
    if (count <= 0 || !inFlight.mayFollow) return;
    operationsLeft -= count;
    inFlight.sent(count);
    this.sent.push({ at: performance.now(), count });
    // In two parts where the ring ends between.
    const first = Math.min(count, load.window - this.place);
    this.write(first);
    if (count > first) this.write(count - first);
  }

  private write(count: number): void {
    const start = this.place * submit.length;
    for (let index = 0; index < count; index++) {
      const at = start + index * submit.length + submitPrefix;
      if (this.turn === 0) this.frameId += 1;
      this.ring.writeUInt32LE(this.sessionId(this.turn), at + SESSION_ID);
      writeFrame(this.ring, at, this.frameId, load.revision);
      this.turn = (this.turn + 1) % load.sessions;
    }
    this.place = (this.place + count) % load.window;
    this.socket.write(this.ring.subarray(start, start + count * submit.length));
  }

  private open(): void {
    const opens = Array.from({ length: load.sessions }, (_, turn) =>
      framed(openPacket(this.sessionId(turn))),
    );
    this.socket.write(Buffer.concat(greeted === undefined ? opens : [framed(greeted.hello), ...opens]));
  }

  private sessionId(turn: number): number {
    return (load.firstSessionId ?? 1) + this.index * load.sessions + turn;
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
    // Wherever a chunk starts with a packet, that packet is what it is taken for.
    if (
      this.received === 0 &&
      this.acksDue === 0 &&
      chunk[resultPrefix + TYPE] !== RESULT_PUSH &&
      !isStopping
    ) {
      throw new Error(`message type ${chunk[resultPrefix + TYPE]} instead of a result`);
    }
    this.received += bytes;
    if (this.acksDue > 0) {
      if (this.received < this.helloDue) return;
      this.received -= this.helloDue;
      this.helloDue = 0;
      const acks = Math.min(this.acksDue, Math.floor(this.received / ackBytes));
      this.received -= acks * ackBytes;
      this.acksDue -= acks;
      if (acks > 0 && this.acksDue === 0) opened();
      return;
    }
    const results = Math.floor(this.received / resultBytes);
    if (results === 0) return;
    this.received -= results * resultBytes;
    this.settle(results);
    this.send(results);
  }

  private settle(results: number): void {
    const now = performance.now();
    operationsDone += results;
    for (let left = results; left > 0;) {
      const first = this.sent[0];
      if (first === undefined) throw new Error('more results than submits');
      const count = Math.min(left, first.count);
      latency.record(now - first.at, count);
      first.count -= count;
      left -= count;
      if (first.count === 0) this.sent.shift();
    }
    inFlight.answered(results);
    if (operationsDone === load.operations) allDone();
  }
}

let operationsLeft = Infinity;
let operationsDone = 0;
let connectionsLeft = load.connections;
let opensLeft = load.connections;
let isStopping = false;
const loaders = Array.from({ length: load.connections }, (_, index) => new Loader(index));

/** The load is ready when every session is open. */
function opened(): void {
  opensLeft -= 1;
  if (opensLeft > 0) return;
  if (load.operations === undefined) {
    runWhenAsked(fill, inFlight, latency, load);
    return;
  }
  const { operations } = load;
  onRun(() => {
    operationsLeft = operations;
    operationsDone = 0;
    latency.start();
    tell({ warm: true });
    inFlight.begin();
    fill();
  });
  tell({ ready: true });
}

function fill(): void {
  for (const loader of loaders) loader.send(load.window);
}

/** As many operations as were asked for. */
function allDone(): void {
  tell(latency.result());
  tell({ rests: true });
}

onStop(() => {
  isStopping = true;
  for (const loader of loaders) loader.stop();
});
