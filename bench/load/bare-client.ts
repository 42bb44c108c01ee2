import * as net from 'node:net';
import {
  BODY_LENGTH,
  FRAME_ID,
  HEADER,
  PacketCutter,
  RESULT_METADATA,
  RESULT_PUSH,
  SESSION_ID,
  SUBMIT_METADATA,
  TYPE,
} from '../bare/packets';
import { onStop, parameters } from '../harness/program';
import { InFlight } from './in-flight';
import { Latency } from './latency';
import { openPacket, submitPacket } from './packets';
import type { LoadParameters } from './parameters';
import { runWhenAsked } from './phases';

// The least that a client can do: packets written whole, results known by their frame id, nothing
// validated, the writes of one read joined.
const load = parameters<LoadParameters>();
const latency = new Latency();
const inFlight = new InFlight();
const template = Buffer.from(submitPacket(load.bodyBytes).subarray(0, HEADER + SUBMIT_METADATA));
const body = Buffer.alloc(load.bodyBytes);
const sentAt = new Map<number, number>();
let acksDue = load.sessions;
let frameId = 0;

const socket = net.connect({ host: '127.0.0.1', port: load.port, noDelay: true }, () => {
  for (let turn = 0; turn < load.sessions; turn++) socket.write(openPacket(turn + 1));
});
const cutter = new PacketCutter();
socket.on('data', (chunk: Buffer) => {
  const submits: Buffer[] = [];
  cutter.push(chunk, (bytes, at) => {
    if (bytes[at + TYPE] !== RESULT_PUSH) {
      acksDue -= 1;
      if (acksDue === 0) runWhenAsked(fill, inFlight, latency, load);
      return;
    }
    const id = bytes.readUInt32LE(at + FRAME_ID);
    const bodyBytes = bytes.readUInt32LE(at + BODY_LENGTH);
    const start = at + HEADER + RESULT_METADATA;
    take(id, bytes.subarray(start, start + bodyBytes));
    if (inFlight.mayFollow) submits.push(submit(bytes.readUInt32LE(at + SESSION_ID)));
  });
  if (submits.length > 0) write(submits);
});

function fill(): void {
  write(Array.from({ length: load.window }, (_, index) => submit((index % load.sessions) + 1)));
}

function write(submits: readonly Buffer[]): void {
  socket.write(submits.length === 1 ? submits[0]! : Buffer.concat(submits));
}

function submit(sessionId: number): Buffer {
  frameId += 1;
  const packet = Buffer.allocUnsafe(HEADER + SUBMIT_METADATA + body.length);
  template.copy(packet);
  packet.writeUInt32LE(sessionId, SESSION_ID);
  packet.writeUInt32LE(frameId, FRAME_ID);
  body.copy(packet, HEADER + SUBMIT_METADATA);
  sentAt.set(frameId, performance.now());
  inFlight.sent(1);
  return packet;
}

function take(id: number, result: Buffer): void {
  const sent = sentAt.get(id);
  if (sent === undefined || result.length !== load.bodyBytes)
    throw new Error(`not the result of frame ${id}`);
  sentAt.delete(id);
  latency.record(performance.now() - sent, 1);
  inFlight.answered(1);
}

onStop(() => process.exit());
