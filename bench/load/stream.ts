import * as net from 'node:net';
import {
  FRAME_ID,
  HEADER,
  PacketCutter,
  RESULT_PUSH,
  SESSION_ID,
  SUBMIT_METADATA,
  TYPE,
} from '../bare/packets';
import { onRun, onStop, parameters, tell } from '../harness/program';
import { Latency } from './latency';
import { openPacket, submitPacket } from './packets';
import type { StreamParameters } from './parameters';

const load = parameters<StreamParameters>();
/** Here a latency is the gap between two parts of an answer. */
const gaps = new Latency();
const RESULT_CLASS = HEADER + 44;
const all = load.connections * load.sessions;
/** When the last part of each session's answer came, in milliseconds; by session id. */
const lastPartAt = new Float64Array(all + 1);
const sockets: net.Socket[] = [];
let acksDue = all;
let answersDue = 0;
let frameId = 0;
let isWarm = false;
let isStopping = false;

function connect(index: number): void {
  const first = index * load.sessions + 1;
  const socket = net.connect({ host: '127.0.0.1', port: load.port, noDelay: true }, () => {
    const ids = Array.from({ length: load.sessions }, (_, turn) => first + turn);
    socket.write(Buffer.concat(ids.map((id) => openPacket(id))));
  });
  sockets.push(socket);
  const cutter = new PacketCutter();
  socket.on('data', (chunk: Buffer) => {
    const now = performance.now();
    cutter.push(chunk, (bytes, at) => {
      if (bytes[at + TYPE] === RESULT_PUSH) part(bytes, at, now);
      else opened();
    });
  });
  socket.on('error', (error) => {
    throw error;
  });
  socket.on('close', () => {
    if (!isStopping) throw new Error('the server has ended the connection');
  });
}

function opened(): void {
  acksDue -= 1;
  if (acksDue > 0) return;
  onRun(() => {
    isWarm = false;
    ask(load.warmParts);
  });
  tell({ ready: true });
}

/** One submit in each session, for so many parts. */
function ask(parts: number): void {
  frameId += 1;
  answersDue = all;
  lastPartAt.fill(0);
  const template = Buffer.from(submitPacket(4));
  template.writeUInt32LE(parts, HEADER + SUBMIT_METADATA);
  template.writeUInt32LE(frameId, FRAME_ID);
  for (const [index, socket] of sockets.entries()) {
    const submits = Array.from({ length: load.sessions }, (_, turn) => {
      const submit = Buffer.from(template);
      submit.writeUInt32LE(index * load.sessions + turn + 1, SESSION_ID);
      return submit;
    });
    socket.write(Buffer.concat(submits));
  }
}

function part(bytes: Buffer, at: number, now: number): void {
  const sessionId = bytes.readUInt32LE(at + SESSION_ID);
  const last = lastPartAt[sessionId]!;
  // The first has no gap before it, but is a part all the same.
  gaps.record(last === 0 ? 0 : now - last, 1);
  lastPartAt[sessionId] = now;
  if (bytes[at + RESULT_CLASS] !== 0) return;
  answersDue -= 1;
  if (answersDue === 0) answered();
}

function answered(): void {
  if (isWarm) {
    tell(gaps.result());
    tell({ rests: true });
    return;
  }
  isWarm = true;
  gaps.start();
  tell({ warm: true });
  ask(load.parts);
}

for (let index = 0; index < load.connections; index++) connect(index);
onStop(() => {
  isStopping = true;
  process.exit();
});
