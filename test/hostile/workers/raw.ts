import { connect, type Socket } from 'node:net';
import { sessionOpen } from '../../../src/client/options';
import { MessageType } from '../../../src/wire/message-type';
import { FrameSubmitMetadata } from '../../../src/wire/messages/frame-submit';
import { SessionOpenMetadata } from '../../../src/wire/messages/session-open';
import { encodePacket } from '../../../src/wire/encode-packet';
import { packet } from '../../../src/wire/packet';
import { parameters, work } from '../support/worker';

export interface RawParameters {
  readonly port: number;
}

export interface HoldOptions {
  /** Connections to have, of which none says a word. */
  readonly connections: number;
  /** New ones a second: at first, and in place of those that the server has cut. */
  readonly perSecond: number;
  readonly againPerSecond: number;
  readonly ms: number;
}

export interface Held {
  /** Connections that were made, and that could not be. */
  readonly connected: number;
  readonly refused: number;
  /** The most that were open at a time, as far as this side knew. */
  readonly mostOpen: number;
  readonly openAtEnd: number;
}

export interface DribbleOptions {
  readonly connections: number;
  /** Milliseconds between two bytes. */
  readonly everyMs: number;
  /** How long this side goes on at most. */
  readonly ms: number;
}

export interface Dribbled {
  /** Milliseconds from the attempt to connect to the first end of a connection. */
  readonly firstAfter: number;
  /** Milliseconds from its being connected to the end of the one that lasted longest. */
  readonly lastAfter: number;
  readonly neverClosed: number;
}

export interface NeverReadOptions {
  readonly sessionId: number;
  readonly body: string;
}

export type RawCommands = {
  /** Opens a session, submits, and reads nothing of the answer; resolves once that is sent. */
  neverRead: (options: NeverReadOptions) => Promise<void>;
  hold: (options: HoldOptions) => Promise<Held>;
  dribble: (options: DribbleOptions) => Promise<Dribbled>;
};

const { port } = parameters<RawParameters>();
const noTokens = { resumeToken: new Uint8Array(0), auth: new Uint8Array(0), extension: new Uint8Array(0) };
/** An open that everybody would accept, if ever it came to its end. */
const OPEN = encodePacket(
  packet(
    { messageType: MessageType.SessionOpen },
    SessionOpenMetadata.encode(sessionOpen({ requestedSessionId: 0 }, noTokens)),
  ),
);

/** Loopback is more than one address: each has ports of its own. */
function open(index: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (index % 200)}` });
  socket.on('error', () => undefined);
  return socket;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function hold({ connections, perSecond, againPerSecond, ms }: HoldOptions): Promise<Held> {
  const sockets = new Set<Socket>();
  const until = performance.now() + ms;
  let [attempts, connected, refused, mostOpen] = [0, 0, 0, 0];
  let allowance = 0;
  let last = performance.now();
  while (performance.now() < until) {
    const now = performance.now();
    const rate = attempts < connections ? perSecond : againPerSecond;
    allowance = Math.min(rate / 10, allowance + ((now - last) / 1000) * rate);
    last = now;
    for (; allowance >= 1 && sockets.size < connections; allowance -= 1) {
      const socket = open(attempts);
      attempts += 1;
      sockets.add(socket);
      let wasConnected = false;
      socket.once('connect', () => {
        wasConnected = true;
        connected += 1;
      });
      socket.once('close', () => {
        if (!wasConnected) refused += 1;
        sockets.delete(socket);
      });
      // Reads, so that the end is heard of.
      socket.resume();
    }
    mostOpen = Math.max(mostOpen, sockets.size);
    await pause(5);
  }
  const openAtEnd = sockets.size;
  for (const socket of sockets) socket.destroy();
  return { connected, refused, mostOpen, openAtEnd };
}

async function dribble({ connections, everyMs, ms }: DribbleOptions): Promise<Dribbled> {
  let [closed, firstAfter, lastAfter] = [0, Infinity, 0];
  let isOver = false;
  const sockets: Socket[] = [];
  const ends: Promise<void>[] = [];
  for (let index = 0; index < connections; index++) {
    const socket = open(index);
    sockets.push(socket);
    let sent = 0;
    const startedAt = performance.now();
    let connectedAt = 0;
    let timer: NodeJS.Timeout | undefined;
    socket.once('connect', () => {
      connectedAt = performance.now();
      timer = setInterval(() => {
        socket.write(OPEN.subarray(sent, sent + 1));
        sent += 1;
      }, everyMs);
    });
    socket.resume();
    ends.push(
      new Promise((resolve) => {
        socket.once('close', () => {
          clearInterval(timer);
          if (connectedAt > 0 && !isOver) {
            const now = performance.now();
            closed += 1;
            firstAfter = Math.min(firstAfter, now - startedAt);
            lastAfter = Math.max(lastAfter, now - connectedAt);
          }
          resolve();
        });
      }),
    );
    if (index % 50 === 49) await pause(5);
  }
  await Promise.race([Promise.all(ends), pause(ms)]);
  isOver = true;
  for (const socket of sockets) socket.destroy();
  return { firstAfter, lastAfter, neverClosed: connections - closed };
}

async function neverRead({ sessionId, body }: NeverReadOptions): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  const bytes = Buffer.from(body);
  socket.write(
    encodePacket(
      packet(
        { messageType: MessageType.SessionOpen },
        SessionOpenMetadata.encode(sessionOpen({ requestedSessionId: sessionId }, noTokens)),
      ),
    ),
  );
  await new Promise<void>((resolve) => {
    socket.write(
      encodePacket(
        packet(
          { messageType: MessageType.FrameSubmit, sessionId, frameId: 1 },
          FrameSubmitMetadata.encode(FrameSubmitMetadata.of()),
          bytes,
        ),
      ),
      () => {
        resolve();
      },
    );
  });
}

const commands: RawCommands = { hold, dribble, neverRead };
work(commands, undefined);
