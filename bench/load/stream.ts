import * as net from 'node:net';
import {
  HEADER,
  PacketCutter,
  PARTIAL_RESULT,
  RESULT_PUSH,
  SESSION_ID,
  SUBMIT_METADATA,
  TYPE,
} from '../bare/packets';
import { onRun, onStop, parameters, tell } from '../harness/program';
import { Latency } from './latency';
import { greeting, openPacket, submitPacket, writeFrame } from './packets';
import type { StreamParameters } from './parameters';

const load = parameters<StreamParameters>();
/** Here a latency is the gap between two parts of an answer. */
const gaps = new Latency();
const RESULT_CLASS = HEADER + 44;
const all = load.connections * load.sessions;
/** When the last part of each session's answer came, in milliseconds; by session id. */
const lastPartAt = new Float64Array(all + 1);
const sockets: net.Socket[] = [];
const greeted = greeting(load.revision);
/** Of sessions, and of hellos. */
let acksDue = all + (greeted === undefined ? 0 : load.connections);
let answersDue = 0;
let frameId = 0;
let isWarm = false;
let isStopping = false;

function connect(index: number): void {
  const first = index * load.sessions + 1;
  const socket = net.connect({ host: '127.0.0.1', port: load.port, noDelay: true }, () => {
    const ids = Array.from({ length: load.sessions }, (_, turn) => first + turn);
    const opens = ids.map((id) => openPacket(id));
    socket.write(Buffer.concat(greeted === undefined ? opens : [greeted.hello, ...opens]));
  });
  sockets.push(socket);
  const cutter = new PacketCutter();
  socket.on('data', (chunk: Buffer) => {
    const now = performance.now();
    cutter.push(chunk, (bytes, at) => {
      const type = bytes[at + TYPE];
      if (type === RESULT_PUSH || type === PARTIAL_RESULT) part(bytes, at, now);
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
  const template = Buffer.from(submitPacket(4, load.revision));
  template.writeUInt32LE(parts, HEADER + SUBMIT_METADATA);
  writeFrame(template, 0, frameId, load.revision);
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
  // In preview4 the end is a message of its own.
  if (bytes[at + TYPE] === PARTIAL_RESULT || bytes[at + RESULT_CLASS] !== 0) return;
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
