import * as net from 'node:net';
import { PacketCutter, PONG, SESSION_ID, TYPE } from '../bare/packets';
import { onStop, parameters, tell } from '../harness/program';
import { greeting, openPacket, pingPacket, submitPacket, writeFrame } from './packets';
import type { HoldParameters } from './parameters';

/** Connections that are made at a time. */
const AT_ONCE = 64;

const hold = parameters<HoldParameters>();
const sockets: net.Socket[] = [];
const greeted = greeting(hold.revision);
let connectionsLeft = hold.connections;
let nextIndex = 0;

/** Opens a connection's sessions, submits, and knows by a PONG behind it all that the server has it. */
function connect(): void {
  if (nextIndex === hold.connections) return;
  const first = hold.firstSessionId + nextIndex * hold.sessions;
  nextIndex += 1;
  const socket = net.connect({ host: '127.0.0.1', port: hold.port, noDelay: true }, () => {
    if (greeted !== undefined) socket.write(greeted.hello);
    for (let sessionId = first; sessionId < first + hold.sessions; sessionId++) {
      socket.write(openPacket(sessionId, { isResumable: hold.resumable === true }));
      if (hold.operations > 0) socket.write(submits(sessionId));
    }
    socket.write(pingPacket());
  });
  sockets.push(socket);
  const held = (): void => {
    connectionsLeft -= 1;
    if (connectionsLeft === 0) tell({ ready: true });
    else connect();
  };
  const cutter = new PacketCutter();
  socket.on('data', (chunk: Buffer) => {
    cutter.push(chunk, (bytes, at) => {
      if (bytes[at + TYPE] === PONG) held();
    });
  });
  socket.on('error', (error) => {
    throw error;
  });
  socket.on('close', () => {
    throw new Error('the server has ended the connection');
  });
}

function submits(sessionId: number): Buffer {
  const submit = submitPacket(hold.bodyBytes, hold.revision);
  const bytes = Buffer.alloc(hold.operations * submit.length);
  for (let index = 0; index < hold.operations; index++) {
    const at = index * submit.length;
    bytes.set(submit, at);
    bytes.writeUInt32LE(sessionId, at + SESSION_ID);
    writeFrame(bytes, at, index + 1, hold.revision);
  }
  return bytes;
}

for (let started = 0; started < AT_ONCE; started++) connect();
onStop(() => process.exit());
